"""Fetching pages: nobody is led where they should not be, nothing is larger or slower than it may be."""

import asyncio
import gzip
import ssl
import time
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from onboarding.scraping import Reason
from onboarding.urls import tidy
from runtime.fetching import Fetcher, HostBusy, NotFetched, Page
from runtime.fetching.robots import relevant
from runtime.fetching.turns import AT_ONCE, Turns
from runtime.settings import Settings
from tests.sites import (
    HTML,
    PUBLIC,
    PUBLIC_6,
    Answer,
    Asking,
    Internet,
    NameServer,
    Site,
    moved,
    name_server,
    site,
)

SHOP = "http://shop.example"
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Believed by who has no certificate to look at; the authorities of the machine take a while to read."""


class World(Struct, frozen=True, kw_only=True):
    """A fetcher, and everything around it."""

    fetcher: Fetcher
    site: Site
    names: NameServer
    internet: Internet

    async def page(self, url: str = f"{SHOP}/mug") -> Page:
        """Fetch a page, which must work."""
        return await self.fetcher.fetch(tidy(url))

    async def reason(self, url: str = f"{SHOP}/mug") -> Reason:
        """Fetch a page, which must not work."""
        with pytest.raises(NotFetched) as caught:
            await self.fetcher.fetch(tidy(url))
        return caught.value.reason


def around(site: Site, names: NameServer, allow: str = "", tls: ssl.SSLContext = NOBODY) -> World:
    """A world in which `shop.example` is a public host."""
    names.hosts["shop.example"] = [[PUBLIC]]
    places = [(address, port) for address in (PUBLIC, PUBLIC_6) for port in (80, 443)]
    internet = Internet(dict.fromkeys([*places, ("127.0.0.1", site.port)], site.port))
    settings = Settings(scrape_allow_hosts=allow)
    fetcher = Fetcher(settings, resolver=Asking(names), network=internet, tls=tls)
    return World(fetcher=fetcher, site=site, names=names, internet=internet)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between requests, but where it is the pause that a test is about."""
    monkeypatch.setattr("runtime.fetching.turns.PAUSE_SECONDS", 0.0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """One in which nothing has happened."""
    async with site() as shop, name_server() as names:
        yield around(shop, names)


async def test_a_page(world: World) -> None:
    """A page comes with its address and character set; who is asked learns who asks, and nothing else."""
    assert await world.page() == Page(url=f"{SHOP}/mug", html=HTML.encode(), charset="utf-8")
    assert [path for path, _ in world.site.asked] == ["/robots.txt", "/mug"]
    headers = world.site.asked[-1][1]
    assert headers["host"] == "shop.example"
    assert headers["user-agent"].startswith("Gangway/")
    assert not {"cookie", "authorization", "referer"} & set(headers)


FORBIDDEN = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1"),
    *("192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *(
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "100::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::127.0.0.1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:0:7f00:1::1", "2001:10::1"),
]


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_forbidden_addresses(world: World, address: str) -> None:
    """A forbidden address, by a name alone or among public ones, by itself, by a redirect: nobody connects."""
    world.names.hosts["evil.example"] = [[address]]
    world.names.hosts["mixed.example"] = [[PUBLIC, address, PUBLIC_6]]
    bracketed = f"[{address}]" if ":" in address else address
    for url in ("http://evil.example/", "http://mixed.example/", f"http://{bracketed}/", f"https://{bracketed}/"):
        assert await world.reason(url) is Reason.REFUSED_ADDRESS
    assert world.internet.connected == []
    world.site.answers = {
        "/1": moved(f"http://{bracketed}/"),
        "/2": moved("http://evil.example/latest/meta-data/"),
        "/3": moved("//mixed.example/", 307),
    }
    for path in world.site.answers:
        assert await world.reason(SHOP + path) is Reason.REFUSED_ADDRESS
    assert {host for host, _ in world.internet.connected} == {PUBLIC}


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost/", "http://a.localhost/", "http://printer.local/", "http://metadata.google.internal/"),
        *(
            "http://intranet/",
            "http://router.lan/",
            "http://x.home.arpa/",
            "http://a.internal./",
            "http://x.corp/",
        ),
        *("http://shop.example:8080/", "http://shop.example:22/", "https://shop.example:8443/"),
    ],
)
async def test_forbidden_names_and_ports(world: World, url: str) -> None:
    """Names of a network's own, and ports that no shop has, are not even looked up."""
    world.names.hosts["a.internal"] = [[PUBLIC]]
    assert await world.reason(url) is Reason.REFUSED_ADDRESS
    assert (world.names.asked, world.internet.connected) == ([], [])


async def test_rebinding(world: World) -> None:
    """A name that is public as it is looked up and not a moment later: what was checked is connected to."""
    world.names.hosts["evil.example"] = [[PUBLIC], [PUBLIC], ["127.0.0.1"]]
    await world.page("http://evil.example/")  # robots.txt, the page
    assert world.names.asked == ["evil.example"] * 2
    assert world.internet.connected == [(PUBLIC, 80)] * 2
    assert await world.reason("http://evil.example/again") is Reason.REFUSED_ADDRESS
    assert world.internet.connected == [(PUBLIC, 80)] * 2


async def test_rebinding_between_hops(world: World) -> None:
    """A redirect to the same host is looked up and checked anew, and no connection is used twice."""
    world.names.hosts["evil.example"] = [[PUBLIC], [PUBLIC], ["10.0.0.1"]]
    world.site.answers["/"] = moved("/inside")
    assert await world.reason("http://evil.example/") is Reason.REFUSED_ADDRESS
    assert world.site.pages == ["/"]


async def test_robots_lead_nowhere_else(world: World) -> None:
    """A robots.txt that sends on to a forbidden address is not followed, and no page is asked for."""
    world.site.answers["/robots.txt"] = moved("http://169.254.169.254/latest/")
    assert await world.reason() is Reason.REFUSED_ADDRESS
    assert world.internet.connected == [(PUBLIC, 80)]


async def test_names(world: World) -> None:
    """A host that is not there, and one of which nobody says where it is; each within its time."""
    world.names.hosts["silent.example"] = None
    assert await world.reason("http://nobody.example/") is Reason.UNKNOWN_HOST
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await world.page("http://silent.example/")
    assert time.monotonic() - started < 10


async def test_the_first_address_is_away(world: World) -> None:
    """Of several addresses the next one is tried."""
    world.names.hosts["two.example"] = [["93.184.216.35", PUBLIC_6]]
    assert (await world.page("http://two.example/")).html == HTML.encode()
    assert (await world.page(f"http://[{PUBLIC_6}]/")).html == HTML.encode()
    assert world.site.asked[-1][1]["host"] == f"[{PUBLIC_6}]"


async def test_redirects(world: World) -> None:
    """Five are followed, over hosts; a sixth, a circle, and one to no page are told apart."""
    world.names.hosts["other.example"] = [[PUBLIC]]
    world.site.answers = {
        **{f"/{n}": moved(f"/{n + 1}", 301) for n in range(1, 6)},
        "/circle": moved("/circle"),
        "/over": moved("http://other.example/there?utm_source=x#y"),
        "/file": moved("file:///etc/passwd"),
        "/user": moved("http://shop.example@127.0.0.1/"),
        "/decimal": moved("http://2130706433/"),
        "/gopher": moved("gopher://127.0.0.1:6379/_INFO"),
    }
    assert (await world.page(f"{SHOP}/1")).url == f"{SHOP}/6"
    assert (await world.page(f"{SHOP}/over")).url == "http://other.example/there?utm_source=x"
    assert await world.reason(f"{SHOP}/circle") is Reason.TOO_MANY_REDIRECTS
    for path in ("/file", "/user", "/decimal", "/gopher"):
        assert await world.reason(SHOP + path) is Reason.BAD_URL
    assert world.site.pages.count("/circle") == 6
    assert {host for host, _ in world.internet.connected} == {PUBLIC}


STATUSES = {
    **dict.fromkeys((404, 410), Reason.NOT_FOUND),
    **dict.fromkeys((400, 401, 403, 429, 451), Reason.BLOCKED),
    **dict.fromkeys((500, 503, 599), Reason.SERVER_ERROR),
    **dict.fromkeys((204, 206, 304), Reason.NOT_HTML),
}


def packed(data: bytes, wbits: int) -> bytes:
    """As one of the formats of zlib."""
    packing = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packing.compress(data) + packing.flush()


def coded(name: str, body: bytes) -> Answer:
    """An answer in an encoding."""
    return Answer(headers={"Content-Type": "text/html", "Content-Encoding": name}, body=body)


BIG = b"<p>" + b"a" * 2_000_000
BOMB = gzip.compress(b"<p>" + bytes(20_000_000), 1)
ANSWERS: dict[str, tuple[Answer, Reason | None]] = {
    **{f"status-{status}": (Answer(status=status, body=b""), reason) for status, reason in STATUSES.items()},
    "two-megabytes": (Answer(body=BIG[:2_000_000]), None),
    "one-more": (Answer(body=BIG[:2_000_001]), Reason.TOO_LARGE),
    "endless": (Answer(body=b"<p>" * 10_000, times=10_000), Reason.TOO_LARGE),
    "gzip": (coded("gzip", gzip.compress(HTML.encode())), None),
    "x-gzip": (coded("X-GZIP", gzip.compress(HTML.encode())), None),
    "deflate": (coded("deflate", packed(HTML.encode(), 15)), None),
    "raw-deflate": (coded("deflate", packed(HTML.encode(), -15)), None),
    "packed-two-megabytes": (coded("gzip", gzip.compress(BIG[:2_000_000])), None),
    "packed-one-more": (coded("gzip", gzip.compress(BIG[:2_000_001])), Reason.TOO_LARGE),
    "bomb": (coded("gzip", BOMB), Reason.TOO_LARGE),
    "nothing-unfolds": (coded("gzip", gzip.compress(b"") * 200_000), Reason.TOO_LARGE),
    "broken-gzip": (coded("gzip", b"no gzip at all"), Reason.NOT_HTML),
    "broken-deflate": (coded("deflate", b"\xff\xff\xff\xff"), Reason.NOT_HTML),
    "unasked-encoding": (coded("br", b"xxxx"), Reason.NOT_HTML),
    "twice-packed": (coded("gzip, gzip", gzip.compress(gzip.compress(b"<p>"))), Reason.NOT_HTML),
    "json": (Answer(headers={"Content-Type": "application/json"}, body=b"{}"), Reason.NOT_HTML),
    "pdf": (Answer(headers={"Content-Type": "application/pdf"}), Reason.NOT_HTML),
    "a-picture-called-html": (Answer(body=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<a"), Reason.NOT_HTML),
    "text-called-html": (Answer(body=b"hello"), Reason.NOT_HTML),
    "empty": (Answer(body=b""), Reason.NOT_HTML),
    "no-type": (Answer(headers={}), None),
    "xhtml": (Answer(headers={"Content-Type": "application/xhtml+xml"}), None),
    "utf-16": (Answer(body=HTML.encode("utf-16")), None),
    "cut-off": (Answer(announced=10_000), Reason.UNREACHABLE),
    "hangs-up": (Answer(raw=b""), Reason.UNREACHABLE),
    "no-http": (Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), Reason.UNREACHABLE),
    "large-headers": (Answer(raw=b"HTTP/1.1 200 X\r\n" + b"X: " + b"a" * 300_000), Reason.UNREACHABLE),
    "split": (Answer(raw=b"HTTP/1.1 302 X\r\nLocation: /a\x00b\r\n\r\n"), Reason.UNREACHABLE),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_answers(world: World, name: str) -> None:
    """What is no page, or no HTML, or too large is told apart; what unfolds is bounded as it unfolds."""
    answer, reason = ANSWERS[name]
    world.site.answers["/mug"] = answer
    if reason is None:
        assert (await world.page()).url == f"{SHOP}/mug"
    else:
        assert await world.reason() is reason


async def test_slow_ones(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has its time in all, whether it says nothing or a little now and then."""
    monkeypatch.setattr("runtime.fetching.fetcher.SECONDS", 0.4)
    world.site.answers = {
        "/mug": Answer(pause_seconds=30),
        "/drip": Answer(body=b"<p>", times=1000, drip_seconds=0.05),
        "/circle": Answer(status=302, headers={"Location": "/circle"}, body=b"", pause_seconds=0.15),
    }
    world.names.hosts |= {f"{n}.example": [[PUBLIC]] for n in range(3)}
    for n, path in enumerate(world.site.answers):
        started = time.monotonic()
        assert await world.reason(f"http://{n}.example{path}") is Reason.TIMEOUT
        assert time.monotonic() - started < 15


async def test_nobody_listens(world: World) -> None:
    """A host whose port is closed."""
    world.internet.places.clear()
    assert await world.reason() is Reason.UNREACHABLE


async def test_allowed_hosts() -> None:
    """What is on the list is let through with its port, and nothing else: not its other ports, nor its name."""
    async with site() as shop, name_server() as names:
        world = around(shop, names, allow=f" 127.0.0.1:{shop.port} ,Intranet:{shop.port}")
        names.hosts["intranet"] = [["127.0.0.1"]]
        assert (await world.page(f"{shop.url}/mug")).html == HTML.encode()
        assert (await world.page(f"http://intranet:{shop.port}/mug")).html == HTML.encode()
        for url in ("http://127.0.0.1/", f"http://localhost:{shop.port}/", "http://intranet/"):
            assert await world.reason(url) is Reason.REFUSED_ADDRESS
        shop.answers["/mug"] = moved("http://127.0.0.1:1/")
        assert await world.reason(f"{shop.url}/mug") is Reason.REFUSED_ADDRESS


async def test_no_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and passwords of the environment are not used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await world.page()
    assert world.internet.connected == [(PUBLIC, 80)] * 2


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Who proves to be `name`, and who believes that."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    pem.write_bytes(private + certificate.public_bytes(encoding))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(encoding).decode())
    return server, trusting


async def test_tls_goes_by_the_name(tmp_path: Path) -> None:
    """Though it is connected to by address, a server has to prove the name, and is asked for by it."""
    server, trusting = certified(tmp_path, "shop.example")
    seen: list[str | None] = []
    server.sni_callback = lambda _, name, __: seen.append(name)
    async with site(server) as shop, name_server() as names:
        world = around(shop, names, tls=trusting)
        names.hosts["other.example"] = [[PUBLIC]]
        assert (await world.page("https://shop.example/mug")).html == HTML.encode()
        assert shop.asked[-1][1]["host"] == "shop.example"
        assert await world.reason("https://other.example/mug") is Reason.UNREACHABLE
        assert seen == ["shop.example", "shop.example", "other.example"]


ROBOTS = """
# everybody
User-agent: *
Disallow: /

User-agent: Gangway
User-agent: Other
Disallow: /private*/x$
Crawl-delay: 2
"""


async def test_robots(world: World) -> None:
    """What a host says of us is kept to, and asked for once for all its pages."""
    world.site.answers["/robots.txt"] = Answer(headers={"Content-Type": "text/plain"}, body=ROBOTS.encode())
    rules = [await world.fetcher._robots.rule(SHOP + path) for path in ("/mug", "/private-a/x", "/private-a/xy")]
    assert [(rule.allowed, rule.pause) for rule in rules] == [(True, 2.0), (False, 2.0), (True, 2.0)]
    assert await world.reason(f"{SHOP}/private/x") is Reason.BLOCKED_BY_ROBOTS
    assert world.site.asked == [("/robots.txt", world.site.asked[0][1])]


NO_RULES = {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=403, headers=NO_RULES), None),
        (Answer(status=404, headers=NO_RULES), None),
        (Answer(headers=NO_RULES, body=b""), None),
        (Answer(body=b"<html>no such file</html>"), None),
        (Answer(headers=NO_RULES, body=b"\xff\xfe\0\xd8User-agent"), None),
        (coded("br", b"x"), None),
        (moved("/robots.txt"), None),
        (Answer(status=429, headers=NO_RULES), Reason.BLOCKED_BY_ROBOTS),
        (Answer(status=500, headers=NO_RULES), Reason.BLOCKED_BY_ROBOTS),
        (Answer(status=503, headers=NO_RULES), Reason.BLOCKED_BY_ROBOTS),
        (Answer(raw=b""), Reason.UNREACHABLE),
    ],
    ids=["403", "404", "empty", "html", "binary", "packed", "circle", "429", "500", "503", "hangs-up"],
)
async def test_no_robots(world: World, answer: Answer, reason: Reason | None) -> None:
    """Without rules a page is asked for; where the host fails it is not, and the host is left alone then."""
    world.site.answers["/robots.txt"] = answer
    if reason is None:
        await world.page()
        assert world.site.pages == ["/mug"]
        return
    assert await world.reason() is reason
    asked = len(world.site.asked)
    assert await world.reason() is reason
    assert (world.site.pages, len(world.site.asked)) == ([], asked)


def test_hostile_robots() -> None:
    """Of a file with very many agents three names are left, and the groups are what they were."""
    text = "\n".join(f"User-agent: bot{n}" for n in range(20_000)) + "\nDisallow: /a\n"
    assert set(relevant(text).splitlines()) == {"User-agent: somebody-else", "Disallow: /a"}
    kept = "User-agent: *\nNoindex: /x\nUser-agent: foo\nDisallow: /\nSitemap: /s\n# z\nuseragent gangway/2 # c\n"
    assert relevant(kept).splitlines() == [
        *("User-agent: *", "x: y", "User-agent: somebody-else", "Disallow: /", "User-agent: Gangway"),
    ]


async def test_many_hosts_are_remembered_in_little() -> None:
    """Hosts whose turn is over are forgotten."""
    turns = Turns()
    for n in range(3000):
        turns._place(f"{n}.example:80")
    assert len(turns._hosts) <= 1000


async def test_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to one host begin one after the other; other hosts do not wait for them, nor does time count."""
    monkeypatch.setattr("runtime.fetching.turns.PAUSE_SECONDS", 1.8)
    monkeypatch.setattr("runtime.fetching.fetcher.SECONDS", 3.3)
    world.names.hosts["other.example"] = [[PUBLIC]]
    started = time.monotonic()
    await asyncio.gather(*(world.page(f"{SHOP}/{n}") for n in range(3)), world.page("http://other.example/"))
    assert time.monotonic() - started >= 3.6
    assert world.site.pages.index("/") < 2


async def test_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow host is asked for two pages at a time; who would wait too long comes again, and holds up nobody."""
    monkeypatch.setattr("runtime.fetching.turns.LONGEST_WAIT_SECONDS", 0.2)
    turns, inside = Turns(), 0

    async def one() -> None:
        nonlocal inside
        async with turns.turn("slow.example:80"):
            inside += 1
            await asyncio.sleep(1)

    waiting = [asyncio.create_task(one()) for _ in range(AT_ONCE + 1)]
    with pytest.raises(HostBusy):
        await waiting[-1]
    assert inside == AT_ONCE
    await asyncio.gather(*waiting[:-1])
    waits = [turns._place("quick.example:80").take(0.15) for _ in range(2)]
    assert waits == [0.0, pytest.approx(0.15, abs=0.05)]
    with pytest.raises(HostBusy):
        turns._place("quick.example:80").take(0.15)
