"""The one form of an address, and which addresses are anybody's."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.networks import is_public_address, is_public_name
from onboarding.urls import BadUrl, joined, read, tidy

TIDY = {
    "HTTP://Shop.Example": "http://shop.example/",
    " https://shop.example:443/a?b=1#c ": "https://shop.example/a?b=1",
    "http://shop.example:80/?": "http://shop.example/",
    "http://shop.example:8080/": "http://shop.example:8080/",
    "https://shop.example./x": "https://shop.example/x",
    "https://shop.example/x?utm_source=a&UTM_Medium=b&gclid=c&fbclid=d&id=7": "https://shop.example/x?id=7",
    "https://shop.example/x?utm%5Fsource=a&b&&c=": "https://shop.example/x?b&c=",
    "https://shop.example/utm_source=a?utmost=1&gclidx=2": "https://shop.example/utm_source=a?utmost=1&gclidx=2",
    "https://bücher.example/ä?ö=ü": "https://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC",
    "https://BÜCHER.example/": "https://xn--bcher-kva.example/",
    "https://straße.example/": "https://xn--strae-oqa.example/",
    "https://shop。example/": "https://shop.example/",
    "https://①②⑦.0.0.1/": "https://127.0.0.1/",
    "https://[2606:2800:0220::1]:443/": "https://[2606:2800:220::1]/",
    "https://shop.example/a%2Fb/../c": "https://shop.example/a%2Fb/../c",
}


@pytest.mark.parametrize(("given", "expected"), TIDY.items())
def test_tidy(given: str, expected: str) -> None:
    """One form for a page, however it was written; what tells only where somebody came from is gone."""
    assert tidy(given) == expected


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "shop.example",
            "//shop.example/",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ),
        *(
            "http:shop.example",
            "http://",
            "http:///x",
            "http://?x",
            "gopher://127.0.0.1:6379/_",
            "data:text/html,x",
        ),
        *(
            "http://a@shop.example/",
            "http://a:b@shop.example/",
            "http://@shop.example/",
            "http://shop.example@127.0.0.1/",
        ),
        *(
            "http://127.0.0.1\\@shop.example/",
            "http://shop.example\t.evil.example/",
            "http://shop.example/\r\nX: y",
        ),
        *(
            "http://2130706433/",
            "http://017700000001/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://127.1/",
        ),
        *("http://0177.0.0.1/", "http://127.0.0.01/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://1e3.0x/"),
        *("http://[::1", "http://[fe80::1%25eth0]/", "http://[::1]x/", "http://[127.0.0.1]/", "http://[v1.x]/"),
        *(
            "http://shop.example:99999/",
            "http://shop.example:0/",
            "http://shop.example:x/",
            "http://shop.example:-1/",
        ),
        *("http://a..b/", "http://.a/", "http://-a.example/", "http://a-.example/", "http://a%2eb.example/"),
        *(
            "http://a b.example/",
            "http://a\u200bb.example/",
            "http://a／b.example/",
            f"http://{'a' * 64}.example/",
        ),
        *(f"http://{'a.' * 127}example/", "http://x.example/" + "a" * 2000, "http://x.example/" + "ü" * 500),
    ],
)
def test_no_page(url: str) -> None:
    """What leads to no page, or is read in different ways by different programs, is refused with its reason."""
    with pytest.raises(BadUrl, match=r"^(must|has|is) "):
        tidy(url)


def test_joined() -> None:
    """Where a page leads to, tracking included: the site may mean something by it."""
    base = "https://shop.example/a/b?c"
    leads = {"d": "/a/d", "/d?utm_source=x#y": "/d?utm_source=x", "?e": "/a/b?e", " my mug ": "/a/my%20mug"}
    assert [joined(base, each) for each in leads] == [f"https://shop.example{to}" for to in leads.values()]
    assert joined(base, "//other.example") == "https://other.example/"
    for wrong in ("http://[::1", "mailto:a@b.example", "http://127.1/"):
        with pytest.raises(BadUrl):
            joined(base, wrong)


_PARTS = st.sampled_from(
    ["http://", "HTTPS://", "shop", ".", "EXAMPLE", "ü", "ß", "。", ":80", ":443", ":8", "/", "//", "?", "&", "#"]
    + ["utm_source=1", "id=%C3", "%", " ", "@", "[::1]", "127.0.0.1", "0x7f", "\\", "İ", "ﬁ", "a%2Fb", "..", "é"]
)


@given(st.one_of(st.text(max_size=30), st.lists(_PARTS, max_size=12).map("".join)).map("http://{}".format))
def test_tidy_is_tidy(url: str) -> None:
    """Tidied again it stays as it is, and all of it is ASCII."""
    try:
        once = tidy(url)
    except BadUrl:
        return
    assert tidy(once) == once == read(once)
    assert once.isascii()
    assert "#" not in once


@given(st.ip_addresses())
def test_no_more_than_python_says(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """What passes is global in Python's own tables, too."""
    if is_public_address(str(ip)):
        assert ip.is_global
        assert not ip.is_multicast


def test_public() -> None:
    """Shops are reached."""
    assert all(map(is_public_address, ("93.184.216.34", "1.1.1.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111")))
    assert all(map(is_public_name, ("shop.example", "local.example", "internal.de", "[2606:4700::1]", "1.2.3.4")))
    assert not any(map(is_public_address, ("", "shop.example", "1.2.3", "fe80::1%eth0")))
