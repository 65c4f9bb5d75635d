"""Orders that mails tell of, by rules alone: what is not believed is left out."""

from onboarding.order_mails.reading import Mail, Reading, read
from onboarding.order_mails.rows import Row, rows_of

__all__ = ["Mail", "Reading", "Row", "read", "rows_of"]
