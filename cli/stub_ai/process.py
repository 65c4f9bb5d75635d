"""The stub as a part of the local stack."""

import msgspec

from cli.app_process import AppProcess
from runtime.settings import Settings

NAME = "ai_stub"
FREE = '{"*": {"input": 0, "output": 0}}'
"""What the stub costs, for `AI_PRICES`."""

_LOOPBACK = "127.0.0.1"


def stub_process(settings: Settings) -> AppProcess:
    """The stub on `AI_STUB_PORT`, as a child that the supervisor can keep alive."""
    here = msgspec.structs.replace(settings, host=_LOOPBACK)
    return AppProcess(NAME, here, port=settings.ai_stub_port, module="cli.stub_ai")


def with_stub(settings: Settings) -> Settings:
    """The settings with the stub as the server of models, unless they name another.

    `AI_MODELS` stays as it is, so that one can choose how the stub behaves. Without `AI_PRICES` it costs nothing:
    however much it is asked, no budget ends.
    """
    if settings.ai_base_url is not None:
        return settings
    return msgspec.structs.replace(
        settings,
        ai_base_url=f"http://{_LOOPBACK}:{settings.ai_stub_port}/v1",
        ai_models=settings.ai_models or "stub",
        ai_prices=settings.ai_prices or FREE,
        # Keys are for the servers that they were made for.
        ai_api_key=None,
        gemini_api_key=None,
    )
