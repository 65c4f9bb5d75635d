"""Industries, by key."""

_KEYS = frozenset(
    {"computer_programming", "retail_trade", "food_service", "human_health", "education", "financial_service"}
)
OTHER = "other"


def known(key: str) -> bool:
    """Whether an industry has this key."""
    return key in _KEYS


def hear_industry(text: str, locale: str) -> str | None:
    """The key of the industry that somebody names; None when that is unsure."""
    del locale
    key = text.strip().casefold().replace(" ", "_")
    return key if key in _KEYS or key == OTHER else None
