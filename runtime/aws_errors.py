"""Why an AWS account is not entered, or not for that: by AWS's codes alone, whose words may name what is nobody's
business here.
"""

import re

from botocore.exceptions import ClientError

ASSUME_ROLE, IDENTITY = "sts:AssumeRole", "sts:GetCallerIdentity"
ALARMS, TAGS = "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"
"""What is asked of AWS, by the names of the permissions."""

CREDENTIALS = "credentials"
NO_CREDENTIALS = "NoCredentials"
"""Gangway has none of its own, with which to assume a role."""

OTHER_ACCOUNT = "The credentials belong to another AWS account."

_BAD_KEYS = {
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "ExpiredToken",
    "ExpiredTokenException",
    "AuthFailure",
}

_LATER = re.compile("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|Internal|Timeout")


class NoEntry(Exception):
    """An account cannot be entered, or not for that, as things are set; it does not pass by itself.

    Args:
        detail: why, in words for admins; nothing secret, and nothing that AWS said.
        missing: what is not set, or which permission is not given.
    """

    def __init__(self, detail: str, *missing: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.missing = missing


class AwsRefused(NoEntry):
    """AWS says no.

    Args:
        action: what was asked, by the name of its permission.
        code: what AWS calls the reason.
    """

    def __init__(self, action: str, code: str) -> None:
        self.action = action
        self.code = code
        super().__init__(*self._told())

    def _told(self) -> tuple[str, str]:
        if self.code == NO_CREDENTIALS:
            return "Gangway has no AWS credentials of its own to assume the role with.", CREDENTIALS
        if self.code in _BAD_KEYS or self.action == IDENTITY:
            return f"The credentials are not valid ({self.code}).", CREDENTIALS
        if self.action == ASSUME_ROLE:
            detail = (
                f"AWS does not let us assume the role ({self.code}): its trust policy must, with the external id."
            )
            return detail, ASSUME_ROLE
        return f"AWS does not allow {self.action} ({self.code}).", self.action


class AwsAway(Exception):
    """AWS did not answer, answered nonsense, or has too much to do; trying again may help."""


def told(action: str, error: ClientError) -> AwsRefused | AwsAway:
    """What an error of AWS means."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = code if re.fullmatch(r"[A-Za-z0-9.]{1,64}", code) else "Unknown"
    return AwsAway(code) if status >= 500 or _LATER.search(code) else AwsRefused(action, code)
