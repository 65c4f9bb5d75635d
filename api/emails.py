"""E-mail addresses."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from msgspec import Meta


def email_of(text: str) -> str | None:
    """Trimmed, lower-cased, its domain as the DNS has it; None when it is no address.

    In front of the @ only ASCII passes, and nothing that mail programs decode: addresses that look the same are.
    """
    if "=?" in text:  # an encoded word (RFC 2047)
        return None
    try:
        checked = validate_email(
            text.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError:
        return None
    assert checked.ascii_email is not None
    return checked.ascii_email.lower()


def _no_address(text: str) -> tuple[str, str] | None:
    """Deliverability is not asked."""
    return None if email_of(text) else ("bad_format", "must be an e-mail address")


Email = Annotated[str, Meta(min_length=3, max_length=254, extra={"check": _no_address})]
"""What a body asks for."""
