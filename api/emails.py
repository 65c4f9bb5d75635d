"""E-mail addresses."""

from email_validator import EmailNotValidError, validate_email


def email_of(text: str) -> str | None:
    """Trimmed and lower-cased, or None when it is no address."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()
