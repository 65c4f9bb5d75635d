"""The AWS accounts of tenants: who we are there, and which of their alarms are in ALARM.

An account is entered by its role, with the external id that was made for it, or by its own access keys. boto3
blocks, so calls run in threads of their own, bounded in number and time. Endpoints are boto3's own, and so are
Gangway's own credentials; no call into an account is ever made with them but the one that assumes its role.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

import msgspec
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from msgspec import Struct

from onboarding.alarms import Alarm
from runtime.aws_answers import AlarmPage, Assumed, Tags, alarm_of
from runtime.aws_errors import ALARMS, ASSUME_ROLE, IDENTITY, NO_CREDENTIALS, TAGS, AwsAway, AwsRefused, told

AT_ONCE = 8
CONNECT_SECONDS, READ_SECONDS, CALL_SECONDS = 2.0, 4.0, 6.0
"""The last is for a whole call, the wait for a thread included."""

PAGES, PAGE = 20, 100
"""Of alarms in one look: what is beyond is left out, whatever AWS says."""

_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=1,
)
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
_NO_ANSWER = (
    BotoCoreError,
    OSError,  # TimeoutError is one of them
    ResponseParserError,
    *(ValueError, TypeError, AttributeError, LookupError),  # as botocore meets what is no answer of AWS
)
_T = TypeVar("_T")

_ONLY_THIS = msgspec.json.encode(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [ALARMS, TAGS], "Resource": "*"}],
    }
).decode()
"""However much a role may do, a session of ours may do no more than that."""


class AccessKeys(Struct, frozen=True, kw_only=True):
    """Long-lived keys, as a tenant gives them; or those of a session, with a token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "AccessKeys()"


class Entrance(Struct, frozen=True, kw_only=True):
    """How an account is entered: by its role, by keys of its own, or by its role with those keys."""

    region: str
    role_arn: str | None
    external_id: str
    keys: AccessKeys | None


class Identity(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who one is in AWS."""

    account: str
    arn: str


class Found(Struct, frozen=True, kw_only=True):
    """Alarms in ALARM; `whole` says whether these are all."""

    alarms: list[Alarm]
    whole: bool


class Aws:
    """The threads, and the one session that knows the endpoints of AWS."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._making = Lock()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="aws")

    def close(self) -> None:
        """Let go of the threads, without waiting for an answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def enter(self, entrance: Entrance) -> "Inside":
        """Enter an account.

        Raises:
            AwsRefused: the role cannot be assumed.
            AwsAway: AWS is away.
        """
        keys = await self._assumed(entrance) if entrance.role_arn else entrance.keys
        assert keys is not None, "an account without a role and without keys cannot be entered"
        return Inside(self, entrance.region, keys)

    async def ask(
        self, action: str, region: str, keys: AccessKeys | None, answer: type[_T], **arguments: Any
    ) -> _T:
        """One call.

        Args:
            action: service and operation, as permissions are named.
            region: whose endpoint is asked.
            keys: as whom; None as Gangway itself.
            answer: what the answer must be.
            arguments: of the operation.

        Raises:
            AwsRefused, AwsAway: it is not answered, or not with that.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                call = self._calling(action, region, keys, arguments)
                found = await asyncio.get_running_loop().run_in_executor(self._threads, call)
            return msgspec.convert(found, answer)
        except ClientError as error:
            raise told(action, error) from None
        except _NO_CREDENTIALS:
            raise AwsRefused(action, NO_CREDENTIALS) from None
        except _NO_ANSWER as error:
            raise AwsAway(type(error).__name__) from None

    async def _assumed(self, entrance: Entrance) -> AccessKeys:
        assumed = await self.ask(
            ASSUME_ROLE,
            entrance.region,
            entrance.keys,
            Assumed,
            RoleArn=entrance.role_arn,
            RoleSessionName="gangway",
            ExternalId=entrance.external_id,
            DurationSeconds=900,
            Policy=_ONLY_THIS,
        )
        return msgspec.convert(assumed.credentials, AccessKeys, from_attributes=True)

    def _calling(
        self, action: str, region: str, keys: AccessKeys | None, arguments: dict[str, Any]
    ) -> Callable[[], Any]:
        service, operation = action.split(":")

        def call() -> Any:
            client = self._client(service, region, keys)
            try:
                return getattr(client, _snake(operation))(**arguments)
            finally:
                client.close()

        return call

    def _client(self, service: str, region: str, keys: AccessKeys | None) -> Any:
        given: dict[str, Any] = {}
        if keys is not None:
            given = {
                "aws_access_key_id": keys.access_key_id,
                "aws_secret_access_key": keys.secret_access_key,
                "aws_session_token": keys.session_token,
            }
        with self._making:  # a session is not for several threads at once
            self._session = self._session or Session()
            return self._session.client(service, region_name=region, config=_CONFIG, **given)


class Inside:
    """An account that was entered."""

    def __init__(self, aws: Aws, region: str, keys: AccessKeys) -> None:
        self._aws = aws
        self._region = region
        self._keys = keys

    async def identity(self) -> Identity:
        """Who one is there; nobody needs a permission for that.

        Raises:
            AwsRefused, AwsAway: the keys are none, or AWS is away.
        """
        return await self._ask(IDENTITY, Identity)

    async def can_see_alarms(self) -> bool:
        """Whether one may look at alarms.

        Raises:
            AwsAway: nobody knows.
        """
        try:
            await self._ask(ALARMS, AlarmPage, StateValue="ALARM", MaxRecords=1)
        except AwsRefused:
            return False
        return True

    async def alarms(self) -> Found:
        """What is in ALARM, page by page.

        Raises:
            AwsRefused, AwsAway: it is not shown.
        """
        alarms: list[Alarm] = []
        more: dict[str, str] = {}
        for _ in range(PAGES):
            page = await self._ask(
                ALARMS,
                AlarmPage,
                StateValue="ALARM",
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=PAGE,
                **more,
            )
            alarms += [alarm_of(each) for each in (*page.metric_alarms, *page.composite_alarms)]
            if not page.next_token:
                return Found(alarms=alarms, whole=True)
            more = {"NextToken": page.next_token}
        return Found(alarms=alarms, whole=False)

    async def tags(self, arn: str) -> dict[str, str]:
        """The tags of an alarm.

        Raises:
            AwsRefused, AwsAway: they are not shown.
        """
        found = await self._ask(TAGS, Tags, ResourceARN=arn)
        return {each.key: each.value for each in found.tags}

    async def _ask(self, action: str, answer: type[_T], **arguments: Any) -> _T:
        return await self._aws.ask(action, self._region, self._keys, answer, **arguments)


def _snake(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
