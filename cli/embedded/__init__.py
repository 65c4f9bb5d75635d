"""Real servers from wheels: PostgreSQL, Temporal with its UI, and S3; no Docker."""

from cli.embedded.asking import local_client
from cli.embedded.errors import EmbeddedError, HomeInUse, NotReady, PortsTaken, WheelMissing
from cli.embedded.ports import check_ports, free_ports, with_free_ports
from cli.embedded.service import Service, until
from cli.embedded.stack import EmbeddedStack

__all__ = [
    "EmbeddedError",
    "EmbeddedStack",
    "HomeInUse",
    "NotReady",
    "PortsTaken",
    "Service",
    "WheelMissing",
    "check_ports",
    "free_ports",
    "local_client",
    "until",
    "with_free_ports",
]
