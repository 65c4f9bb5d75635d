"""Where people are led back to: to a path on the frontend, whatever it is made to look like."""

from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.returning import back_to, no_path

ORIGIN = "https://app.example.org"
TRICKS = (
    "",
    "inventory",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/a b",
    "/a\x00b",
    "/a\x7fb",
    "https://evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "@evil.example",
    ".evil.example",
    ":1@evil.example/",
    "/..//evil.example",
    "/../evil",
    "/a/./b",
    "/%2e%2e/%2fevil.example",
    "/%2f%2fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "/%0d%0aSet-Cookie:x=1",
    "/%252fevil.example",
    "/%25252fevil.example",
    "/%2525252fevil.example",
    "/x?next=//evil.example",
    "/x#//evil.example",
    "/\u2028x",
    "/\uff0fevil.example",
    "?x",
    "#x",
)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: quote(trick, safe=""))
def test_tricks(trick: str) -> None:
    """What could be read as leading elsewhere, now or after somebody decodes it, is refused."""
    found = no_path(trick)
    assert found is not None
    assert found[0] == "bad_format"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/inventory",
        "/a/b-c_d.e~f",
        "/a?b=c&d=%20",
        "/a?x=1#part",
        "/caf%C3%A9",
        "/@user/x:y",
        "/a/",
        "/.well",
    ],
)
def test_paths(path: str) -> None:
    """Paths of a frontend are taken, with a query and a fragment."""
    assert no_path(path) is None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet=st.sampled_from([*"/\\.%25fFcC09aA:@?#= \t\n\r", "é", "／"]), max_size=12))
def test_nothing_leads_elsewhere(tail: str) -> None:
    """Whatever is taken leads a browser to the origin of the frontend, however often it is decoded on its way."""
    path = f"/{tail}"
    if no_path(path) is not None:
        return
    for hop in range(3):
        where = urlsplit(urljoin(f"{ORIGIN}/somewhere", path.replace("\\", "/")))
        assert (where.scheme, where.netloc) == ("https", "app.example.org"), hop
        path = unquote(path)
    back = urlsplit(back_to(ORIGIN, f"/{tail}", connection="gmail", status="connected"))
    assert f"{back.scheme}://{back.netloc}" == ORIGIN
    assert parse_qs(back.query)["connection"] == ["gmail"]


def test_what_is_told_is_merged() -> None:
    """A query stays, what is told takes the place of what has its name, and the fragment stays at the end."""
    path = "/inventory?tab=a%20b&status=fine&empty=&status=two#here"
    assert back_to(ORIGIN, path, connection="xero", status="error", reason="slow") == (
        f"{ORIGIN}/inventory?tab=a+b&empty=&connection=xero&status=error&reason=slow#here"
    )
