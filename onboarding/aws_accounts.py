"""AWS accounts that a tenant has monitored: what their ids, regions and roles may be, and how a key is shown."""

import re
from collections.abc import Iterator
from typing import Literal

from onboarding.payloads import FieldError

Partition = Literal["aws", "aws-us-gov", "aws-cn"]
"""The parts of AWS that know nothing of each other: a role of one is not assumed from another."""

ACCOUNT_ID = "^[0-9]{12}$"
REGION = "^(us-gov|[a-z]{2})-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$"
ACCESS_KEY_ID = "^[A-Z0-9]{16,128}$"
SECRET_ACCESS_KEY = "^[!-~]{16,128}$"  # noqa: S105 - what one looks like
ROLE_ARN_CHARACTERS = 2048
"""The bounds of the AWS API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""

HIDDEN = "*" * 12
"""What is shown of a secret that is there."""

_ROLE = re.compile(r"arn:(aws|aws-us-gov|aws-cn):iam::([0-9]{12}):role/([!-~]{1,510}/)?[\w+=,.@-]{1,64}", re.ASCII)


def partition_of(region: str) -> Partition:
    """Of which part of AWS a region is.

    >>> partition_of("eu-central-1"), partition_of("us-gov-west-1"), partition_of("cn-north-1")
    ('aws', 'aws-us-gov', 'aws-cn')
    """
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def no_role(arn: str) -> tuple[str, str] | None:
    """What is wrong with the ARN of a role by itself."""
    return None if _ROLE.fullmatch(arn) else ("bad_format", "must be the ARN of an IAM role")


def misfits(account_id: str, region: str, role_arn: str | None) -> Iterator[FieldError]:
    """What of an account does not go together, each part being well-formed.

    >>> [each.code for each in misfits("111122223333", "cn-north-1", "arn:aws:iam::444455556666:role/x")]
    ['other_account', 'other_partition']
    """
    role = _ROLE.fullmatch(role_arn or "")
    if role is None:
        return
    if role[2] != account_id:
        yield FieldError(field="role_arn", code="other_account", detail=f"must be a role of account {account_id}")
    if role[1] != (partition := partition_of(region)):
        detail = f"must be a role of the partition {partition}, which the region is in"
        yield FieldError(field="role_arn", code="other_partition", detail=detail)


def masked(access_key_id: str) -> str:
    """What is shown of an access key's id: enough to tell it from others.

    >>> masked("AKIAIOSFODNN7EXAMPLE")
    'AKIA************MPLE'
    """
    return access_key_id[:4] + "*" * (len(access_key_id) - 8) + access_key_id[-4:]
