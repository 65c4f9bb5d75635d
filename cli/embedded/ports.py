"""Ports: which settings need one, which are taken, which are free."""

import socket
from contextlib import ExitStack

import msgspec

from cli.embedded.errors import PortsTaken
from runtime.settings import Settings

_LOOPBACK = "127.0.0.1"


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


def check_ports(settings: Settings) -> None:
    """Look whether every port that the stack needs can be bound, before anything is started.

    Raises:
        PortsTaken: one line for each port that cannot, naming the setting to change.
    """
    wrong: list[str] = []
    seen: dict[int, str] = {}
    for setting, what, host, port in needed_ports(settings):
        if port in seen:
            wrong.append(f"port {port} is asked for by both {seen[port]} and {setting}: change one of them")
        elif not is_free(port, host):
            wrong.append(
                f"port {port} for {what} is taken: stop what listens there, or set {setting} to another port"
            )
        seen[port] = setting
    if wrong:
        raise PortsTaken("\n".join(wrong))


def is_free(port: int, host: str = _LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: a port in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; all held at once while asking, so that they differ."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((_LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def with_free_ports(settings: Settings) -> Settings:
    """The same settings with a free port for each thing that listens: for tests, and for a second stack."""
    port, health, temporal, ui, s3 = free_ports(5)
    return msgspec.structs.replace(
        settings,
        port=port,
        worker_health_port=health,
        temporal_port=temporal,
        temporal_ui_port=ui,
        s3_port=s3,
    )
