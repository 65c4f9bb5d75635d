"""Where models are: the server's address, its key, their names, and how this server differs from others."""

import re
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from runtime.settings import InvalidSettings, Settings, leads_to_http

OPENAI = "https://api.openai.com/v1"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai/"
GEMINI_MODEL = "gemini-flash-latest"
"""Google's own name for whichever Flash model is current."""

_NO_KEY = "none"
"""What is sent to a server that needs no key, such as Ollama: the protocol knows no request without one."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")


class Endpoint(Struct, frozen=True, kw_only=True):
    """One server of the OpenAI protocol, with the models to ask, in order."""

    base_url: str
    key: str
    models: tuple[str, ...]
    vision_models: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r}, {self.models!r})"

    def limits(self, max_output_tokens: int) -> dict[str, Any]:
        """The part of a request that bounds the answer, in this server's words.

        OpenAI's newer models refuse `max_tokens`; most other servers know nothing else. Gemini's think, and what
        they think counts: with little effort, an answer begins before the bound and the time are used up.
        """
        host = urlsplit(self.base_url).hostname
        if host == urlsplit(OPENAI).hostname:
            return {"max_completion_tokens": max_output_tokens}
        if host == urlsplit(GEMINI).hostname:
            return {"max_tokens": max_output_tokens, "reasoning_effort": "low"}
        return {"max_tokens": max_output_tokens}


def endpoint_of(settings: Settings) -> Endpoint | None:
    """The server that the settings name; None when they name no model.

    Raises:
        InvalidSettings: an address that is none, or a key that no header can hold.
    """
    models, gemini = _names(settings.ai_models), settings.gemini_api_key is not None
    if not models and not gemini:
        return None
    if settings.ai_base_url is not None or not gemini:
        # Gemini's key goes to Gemini, and nowhere else.
        base_url, key = settings.ai_base_url or OPENAI, settings.ai_api_key
        named = "AI_API_KEY"
    else:
        base_url, key = GEMINI, settings.gemini_api_key
        named = "GEMINI_API_KEY"
    if not leads_to_http(base_url):
        # Without what it holds, which may be a password.
        raise InvalidSettings("AI_BASE_URL: Expected `https://host/path`, without a query")
    if key is not None and not _HEADER_VALUE.fullmatch(key):
        raise InvalidSettings(f"{named}: Expected printable ASCII characters without spaces")
    models = models or (GEMINI_MODEL,)
    return Endpoint(
        base_url=base_url,
        key=key or _NO_KEY,
        models=models,
        vision_models=_names(settings.ai_vision_models) or models,
    )


def _names(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
