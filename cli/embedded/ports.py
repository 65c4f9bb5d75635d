"""Ports: which settings need one, which are taken, which are free."""

import errno
import random
import socket

import msgspec

from cli.embedded.errors import PortsTaken
from runtime.settings import Settings

_LOOPBACK = "127.0.0.1"
_TAKEN = (errno.EADDRINUSE, errno.EACCES)
NOT_GIVEN_OUT = range(20_000, 32_000)
"""Below the ports that Linux (from 32768) and others (from 49152) give to outgoing connections."""


def needed_ports(settings: Settings) -> list[tuple[str, str, str, int]]:
    """`(setting, what listens there, host, port)` of the API, the worker and each embedded server."""
    needed = [
        ("PORT", "the API", settings.host, settings.port),
        ("WORKER_HEALTH_PORT", "the worker's health", settings.host, settings.worker_health_port),
    ]
    if not settings.temporal_address:
        needed.append(("TEMPORAL_PORT", "Temporal", _LOOPBACK, settings.temporal_port))
        needed.append(("TEMPORAL_UI_PORT", "the Temporal UI", _LOOPBACK, settings.temporal_ui_port))
    if not settings.s3_endpoint_url:
        needed.append(("S3_PORT", "S3", _LOOPBACK, settings.s3_port))
    return needed


def check_ports(settings: Settings, *, stub_ai: bool = False, standin: bool = False) -> None:
    """Look whether every port that the stack needs can be bound, before anything is started.

    Args:
        settings: which ports those are.
        stub_ai: whether the scripted model is part of the stack.
        standin: whether the stand-in of the AI service is.

    Raises:
        PortsTaken: one line for each port that cannot, or for the address, naming the setting to change.
    """
    wrong: list[str] = []
    seen: dict[int, str] = {}
    needed = needed_ports(settings)
    if stub_ai:
        needed.append(("AI_STUB_PORT", "the scripted model", _LOOPBACK, settings.ai_stub_port))
    if standin:
        what = "the stand-in of the AI service"
        needed.append(("AI_SERVICE_STANDIN_PORT", what, _LOOPBACK, settings.ai_service_standin_port))
    for setting, what, host, port in needed:
        if port in seen:
            wrong.append(f"port {port} is asked for by both {seen[port]} and {setting}: change one of them")
        elif hindrance := _hindrance(setting, what, host, port):
            wrong.append(hindrance)
        seen[port] = setting
    if wrong:
        # The API and the worker listen on the same address: what is wrong with it is said once.
        raise PortsTaken("\n".join(dict.fromkeys(wrong)))


def _hindrance(setting: str, what: str, host: str, port: int) -> str | None:
    try:
        if is_free(port, host):
            return None
    except (OSError, UnicodeError) as error:  # the latter for what cannot even be asked a name server
        return f"HOST {host} is no address of this machine ({error}): set it to one, such as {_LOOPBACK}"
    return f"port {port} for {what} is taken: stop what listens there, or set {setting} to another port"


def is_free(port: int, host: str = _LOOPBACK) -> bool:
    """Whether a server could listen on this port now.

    Raises:
        OSError, UnicodeError: when the fault is not the port's: the address cannot be found, or is not ours.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: a port in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on now, and that no outgoing connection is given meanwhile."""
    found: list[int] = []
    for port in random.sample(NOT_GIVEN_OUT, len(NOT_GIVEN_OUT)):
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise PortsTaken(f"no {count} ports from {NOT_GIVEN_OUT[0]} to {NOT_GIVEN_OUT[-1]} are free")


def with_free_ports(settings: Settings) -> Settings:
    """The same settings with a free port for each thing that listens: for tests, and for a second stack."""
    port, health, temporal, ui, s3, stub_ai, standin = free_ports(7)
    return msgspec.structs.replace(
        settings,
        port=port,
        worker_health_port=health,
        temporal_port=temporal,
        temporal_ui_port=ui,
        s3_port=s3,
        ai_stub_port=stub_ai,
        ai_service_standin_port=standin,
    )
