"""Browsers of the allowed origins, and of no other."""

import httpx
import pytest
from msgspec.structs import replace

from runtime.settings import Settings
from tests.stack import RUNS, application, problem

ALLOWED = "https://app.example.org"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key",
}


@pytest.mark.parametrize("origin", [ALLOWED, "http://localhost:3000"])
async def test_an_allowed_origin(api: httpx.AsyncClient, origin: str) -> None:
    """An allowed origin is named exactly, with credentials, in preflights and in answers of every status."""
    preflight = await api.options(f"{RUNS}/step", headers={"Origin": origin, **PREFLIGHT})
    assert preflight.is_success
    assert preflight.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "idempotency-key" in allowed
    for path in ("/livez", f"{RUNS}/progress", "/nowhere"):
        answer = await api.get(path, headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]


async def test_what_scripts_may_read(api: httpx.AsyncClient) -> None:
    """A script may read our own headers."""
    answer = await api.get("/livez", headers={"Origin": ALLOWED})
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"x-request-id", "ratelimit", "ratelimit-policy", "retry-after", "idempotent-replayed"} <= exposed


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "https://app.example.org.evil.com",
        "https://evil-app.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org/",
        "HTTPS://APP.EXAMPLE.ORG.",
        "http://localhost:3001",
        "null",
        "*",
    ],
)
async def test_another_origin(api: httpx.AsyncClient, origin: str) -> None:
    """Any other origin is told nothing that would let its script read an answer."""
    preflight = await api.options(f"{RUNS}/step", headers={"Origin": origin, **PREFLIGHT})
    problem(preflight, 403, "forbidden")
    for answer in (preflight, await api.get("/livez", headers={"Origin": origin})):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/livez", "/nowhere"])
async def test_caches_are_told(api: httpx.AsyncClient, path: str) -> None:
    """An answer to no origin at all says too that it would differ by origin, once."""
    assert (await api.get(path)).headers.get_list("vary", split_commas=True).count("Origin") == 1
    named = await api.get(path, headers={"Origin": ALLOWED})
    assert named.headers.get_list("vary", split_commas=True).count("Origin") == 1


async def test_without_origins(settings: Settings) -> None:
    """With no origin allowed each is a foreign one: a preflight is 403, and no answer is for its script."""
    async with application(replace(settings, cors_origins="")) as client:
        answer = await client.get("/livez", headers={"Origin": ALLOWED})
        preflight = await client.options(f"{RUNS}/step", headers={"Origin": ALLOWED, **PREFLIGHT})
        plain = await client.options(f"{RUNS}/step", headers={"Origin": ALLOWED})
        problem(await client.options("/nowhere"), 404, "not_found")
    problem(preflight, 403, "forbidden")
    assert (plain.status_code, plain.headers["allow"]) == (204, "OPTIONS, POST")
    assert "vary" not in plain.headers
    for each in (answer, preflight, plain):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize("origin", [None, ALLOWED, "https://evil.example.org"])
@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/livez", "GET, OPTIONS"),
        (f"{RUNS}/step", "OPTIONS, POST"),
        ("/api/v1/profile", "GET, OPTIONS, PATCH"),
        ("/api/auth/login", "OPTIONS, POST"),
        ("/schema/assets/x", "GET, OPTIONS"),
        ("/schema", "GET, OPTIONS"),
        ("/schema/openapi.json", "GET, OPTIONS"),
    ],
)
async def test_what_a_route_can_do(api: httpx.AsyncClient, path: str, allow: str, origin: str | None) -> None:
    """OPTIONS that is no preflight is 204 with the route's methods, signed in or not, from anywhere."""
    answer = await api.options(path, headers={"Origin": origin} if origin else {})
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allow, b"")
    assert answer.headers.get("access-control-allow-origin") == (origin if origin == ALLOWED else None)
    assert answer.headers.get_list("vary") == ["Origin"]


@pytest.mark.parametrize("origin", [None, ALLOWED, "https://evil.example.org"])
async def test_what_an_unknown_route_can_do(api: httpx.AsyncClient, origin: str | None) -> None:
    """OPTIONS of what is not there is 404, as a problem."""
    problem(await api.options("/nowhere", headers={"Origin": origin} if origin else {}), 404, "not_found")
