"""Which server the settings of models lead to, and with which key."""

from typing import Any

import pytest

from activities.ai.endpoint import GEMINI, GEMINI_MODEL, OPENAI, endpoint_of
from activities.ai.models import Models
from runtime.settings import InvalidSettings, Settings
from tests.activities.ai.books import Books

LOCAL = "http://localhost:11434/v1"


@pytest.mark.parametrize(
    ("given", "base_url", "key", "models"),
    [
        ({"ai_models": "a, b,,a", "ai_api_key": "k"}, OPENAI, "k", ("a", "b")),
        ({"ai_models": "llama", "ai_base_url": LOCAL}, LOCAL, "none", ("llama",)),
        ({"gemini_api_key": "canary"}, GEMINI, "canary", (GEMINI_MODEL,)),
        ({"gemini_api_key": "canary", "ai_models": "gemini-pro-latest"}, GEMINI, "canary", ("gemini-pro-latest",)),
        ({"gemini_api_key": "canary", "ai_models": "a", "ai_base_url": LOCAL}, LOCAL, "none", ("a",)),
        ({"gemini_api_key": "canary", "ai_base_url": LOCAL, "ai_api_key": "k"}, LOCAL, "k", (GEMINI_MODEL,)),
    ],
)
def test_the_server(given: dict[str, Any], base_url: str, key: str, models: tuple[str, ...]) -> None:
    """Address, key and models follow from the settings; Gemini's key goes to Gemini only."""
    endpoint = endpoint_of(Settings(**given))
    assert endpoint is not None
    assert (endpoint.base_url, endpoint.key, endpoint.models) == (base_url, key, models)
    assert "canary" not in repr(endpoint)


@pytest.mark.parametrize("given", [{}, {"ai_models": " , "}, {"ai_api_key": "k", "ai_base_url": LOCAL}])
def test_no_model(given: dict[str, Any]) -> None:
    """Without a model's name there is none to ask."""
    assert endpoint_of(Settings(**given)) is None


def test_photos() -> None:
    """AI_VISION_MODELS are for photos; without it the others are."""
    both = endpoint_of(Settings(ai_models="a", ai_vision_models="v,w"))
    assert both is not None
    assert (both.models, both.vision_models) == (("a",), ("v", "w"))
    one = endpoint_of(Settings(ai_models="a"))
    assert one is not None
    assert one.vision_models == ("a",)


@pytest.mark.parametrize(
    ("base_url", "bound"),
    [
        (OPENAI, {"max_completion_tokens": 9}),
        (GEMINI, {"max_tokens": 9, "reasoning_effort": "low"}),
        (LOCAL, {"max_tokens": 9}),
    ],
)
def test_each_in_its_words(base_url: str, bound: dict[str, Any]) -> None:
    """The bound on the answer is said as the server knows it."""
    endpoint = endpoint_of(Settings(ai_models="a", ai_base_url=base_url))
    assert endpoint is not None
    assert endpoint.limits(9) == bound


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434",
        "ftp://x/v1",
        "http://",
        "http://x:99999/v1",
        "https://x/v1?key=canary",
        "http://x y/v1",
        "http://[::1/v1",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    """It is refused at the start, without being quoted: it may hold a key."""
    with pytest.raises(InvalidSettings, match="AI_BASE_URL") as raised:
        Models(Settings(ai_models="a", ai_base_url=url), Books())
    assert url not in str(raised.value)


@pytest.mark.parametrize("name", ["ai_api_key", "gemini_api_key"])
def test_a_key_that_is_none(name: str) -> None:
    """A key with a line's end, as from a file, is refused by its setting's name."""
    given = {"ai_models": "a", name: "canary\n"}
    with pytest.raises(InvalidSettings, match=name.upper()) as raised:
        endpoint_of(Settings(**given))
    assert "canary" not in str(raised.value)
