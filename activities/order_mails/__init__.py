"""Orders out of mails."""

from activities.order_mails.message import Unreadable
from activities.order_mails.reading import read_order

__all__ = ["Unreadable", "read_order"]
