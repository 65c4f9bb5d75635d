"""The stand-in as a part of the local stack."""

import msgspec

from cli.app_process import AppProcess
from runtime.settings import Settings

NAME = "ai_service"
_LOOPBACK = "127.0.0.1"


def url_of(settings: Settings) -> str:
    """Where it is, for `AI_SERVICE_URL`."""
    return f"http://{_LOOPBACK}:{settings.ai_service_standin_port}"


def standin_process(settings: Settings) -> AppProcess:
    """The stand-in on `AI_SERVICE_STANDIN_PORT`, as a child that the supervisor can keep alive."""
    here = msgspec.structs.replace(settings, host=_LOOPBACK)
    return AppProcess(NAME, here, port=settings.ai_service_standin_port, module="cli.ai_standin")


def with_standin(settings: Settings) -> Settings:
    """The settings with the stand-in as the service that scans."""
    return msgspec.structs.replace(settings, ai_service_url=url_of(settings))
