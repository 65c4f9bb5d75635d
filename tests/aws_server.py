"""STS and CloudWatch over real HTTP, as a test decides: whom they know, what is in ALARM, and how they fail."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import pytest

OURS = "AKIAGANGWAYSOWNKEYID"
"""Gangway's own access key here."""

ACCOUNT = "111122223333"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gangway-monitor"
KEYS = {"access_key_id": "AKIATHETENANTSOWNKEY", "secret_access_key": "canary/Secret+AccessKey/0123456789abcdef"}


class AwsServer:
    """What the server knows. `refuse` and `broken` are by action, as `sts:AssumeRole`; so is `silent`."""

    def __init__(self) -> None:
        self.trusted: dict[str, str] = {}
        """By role, the external id that its trust policy asks for."""
        self.keys = {KEYS["access_key_id"]: ACCOUNT}
        self.alarms: list[dict[str, Any]] = []
        self.tags: dict[str, dict[str, str]] = {}
        self.page = 100
        self.endless = False
        self.refuse: dict[str, tuple[int, str]] = {}
        self.refuse_once: dict[str, tuple[int, str]] = {}
        self.broken: dict[str, bytes] = {}
        self.silent: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        """By action, what its answer waits for."""
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        """Action, parameters, and whose access key it was."""
        self.over = threading.Event()

    def actions(self) -> list[str]:
        """What was asked, in order."""
        return [action for action, _, _ in self.asked]

    def alarm(self, name: str, ago: timedelta = timedelta(minutes=1), **fields: Any) -> dict[str, Any]:
        """Let an alarm be in ALARM for so long; times are whole milliseconds, as AWS has them."""
        now = datetime.now(UTC) - ago
        since = now.replace(microsecond=now.microsecond // 1000 * 1000)
        alarm = {
            "AlarmName": name,
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
            "StateValue": "ALARM",
            "StateReason": "Threshold crossed",
            "StateUpdatedTimestamp": since,
            "StateTransitionedTimestamp": since,
            "Namespace": "AWS/EC2",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": f"i-{name}"}],
            **fields,
        }
        self.alarms.append(alarm)
        return alarm

    def answer(self, action: str, asked: dict[str, Any], key: str) -> dict[str, Any] | None:
        """What an action gives; None for what is denied."""
        match action:
            case "sts:AssumeRole":
                if self.trusted.get(asked["RoleArn"]) != asked.get("ExternalId"):
                    return None
                return {"Credentials": _session(asked["RoleArn"]), "AssumedRoleUser": {"Arn": asked["RoleArn"]}}
            case "sts:GetCallerIdentity":
                account = self.keys.get(key) or (key.removeprefix("ASIA") if key.startswith("ASIA") else None)
                return account and {"Account": account, "Arn": f"arn:aws:iam::{account}:who", "UserId": "x"}
            case "cloudwatch:DescribeAlarms":
                return self._alarms(int(asked.get("NextToken", 0)), min(self.page, asked["MaxRecords"]))
            case "cloudwatch:ListTagsForResource":
                tags = self.tags.get(asked["ResourceARN"], {})
                return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}
            case _:
                raise AssertionError(action)

    def _alarms(self, start: int, count: int) -> dict[str, Any]:
        page = self.alarms[start : start + count]
        more = self.endless or start + count < len(self.alarms)
        return {"MetricAlarms": page, "CompositeAlarms": [], **({"NextToken": str(start + count)} if more else {})}


def _session(role_arn: str) -> dict[str, str]:
    """Keys that tell whose they are by their id."""
    account = role_arn.split(":")[4]
    return {
        "AccessKeyId": f"ASIA{account}",
        "SecretAccessKey": "canary-session-secret",
        "SessionToken": "canary-session-token",
        "Expiration": "2100-01-01T00:00:00Z",
    }


@contextmanager
def aws_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsServer]:
    """A server that boto3 finds by itself, for as long as this is entered."""
    aws = AwsServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"aws": aws}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    point_at(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    try:
        yield aws
    finally:
        aws.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let boto3 take this for STS and CloudWatch, with credentials of Gangway's own that need no look-up."""
    around = {
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_ENDPOINT_URL_CLOUDWATCH": url,
        "AWS_ACCESS_KEY_ID": OURS,
        "AWS_SECRET_ACCESS_KEY": "gangways-own-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


class _Handler(BaseHTTPRequestHandler):
    aws: AwsServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """One call."""
        body = self.rfile.read(int(self.headers["content-length"]))
        found = re.search(r"Credential=(\w+)/", self.headers.get("authorization", ""))
        key = found[1] if found else ""
        if target := self.headers.get("x-amz-target"):
            action, asked = f"cloudwatch:{target.partition('.')[2]}", json.loads(body)
        else:
            asked = dict(parse_qsl(body.decode()))
            action = f"sts:{asked['Action']}"
        self.aws.asked.append((action, asked, key))
        if action in self.aws.silent:
            self.aws.over.wait()
            self.close_connection = True
            return
        if held := self.aws.held.get(action):
            held.wait(60)
        self._tell(action, asked, key)

    def _tell(self, action: str, asked: dict[str, Any], key: str) -> None:
        status, code = self.aws.refuse_once.pop(action, None) or self.aws.refuse.get(action, (0, ""))
        found = None if code else self.aws.answer(action, asked, key)
        if found is None:
            status, code = (
                status or 403,
                code or ("AccessDenied" if action == "sts:AssumeRole" else "InvalidClientTokenId"),
            )
        else:
            status = 200
        if action in self.aws.broken:
            self._send(status, "text/html", self.aws.broken[action])
        elif action.startswith("sts:"):
            self._send(status, "text/xml", _xml(action, found, code))
        else:
            told = found if found is not None else {"__type": f"x#{code}", "message": "canary words of AWS"}
            body = json.dumps(told, default=datetime.timestamp).encode()
            self._send(status, "application/x-amz-json-1.0", body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _xml(action: str, found: dict[str, Any] | None, code: str) -> bytes:
    name = action.partition(":")[2]
    if found is None:
        error = (
            f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>canary words of AWS</Message></Error>"
        )
        return f"<ErrorResponse>{error}<RequestId>x</RequestId></ErrorResponse>".encode()
    return f"<{name}Response><{name}Result>{_elements(found)}</{name}Result></{name}Response>".encode()


def _elements(fields: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_elements(value) if isinstance(value, dict) else value}</{name}>"
        for name, value in fields.items()
    )
