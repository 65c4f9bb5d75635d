"""Products out of pages: forms that data come in, texts that mean harm, and pages made to keep a machine busy."""

import doctest
import json
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.extraction import charsets, claims, extract, page_text, prices, texts, wording
from activities.extraction.prices import read_price
from onboarding import currencies
from onboarding.currencies import Locale
from onboarding.items import NAME_CHARACTERS, PRICE_AT_MOST, SKU_CHARACTERS, TEXT_CHARACTERS
from onboarding.scraping import Extracted

URL = "https://shop.example.com/p/mug"
SIZE = 2_000_000
CPU_SECONDS = 8.0
"""On a busy machine; the worst of these takes a second on an idle one."""

MUG = {"@context": "https://schema.org", "@type": "Product", "name": "Mug"}
OFFER = {"@type": "Offer", "price": "9.50", "priceCurrency": "EUR"}
SOLD = "<h1>Mug</h1><span class=price>€9.50</span><button>Add to cart</button>"
OPEN = '<script type="application/ld+json">'


def linked(*nodes: Any, more: str = "") -> bytes:
    blocks = "".join(f"{OPEN}{json.dumps(node)}</script>" for node in nodes)
    return f"<html><head>{blocks}</head><body>{more}</body></html>".encode()


def found(page: bytes | str, url: str = URL, charset: str | None = None) -> Extracted:
    item = extract(page.encode() if isinstance(page, str) else page, url, charset)
    assert item is not None
    return item


@pytest.mark.parametrize("module", [charsets, claims, currencies, prices, texts, wording])
def test_the_examples_in_the_documentation(module: ModuleType) -> None:
    """What the modules show of themselves is what happens."""
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried


@pytest.mark.parametrize(
    ("text", "locale", "amount", "currency"),
    [
        ("1.299,00 €", Locale(), "1299.00", "EUR"),
        ("$1,299.00", Locale(), "1299.00", "USD"),
        ("$1,299.00", Locale(country="CA"), "1299.00", "CAD"),
        ("CHF 1'299.-", Locale(), "1299", "CHF"),
        ("Fr. 1’299.50", Locale(), "1299.50", "CHF"),
        ("¥1,980", Locale(), "1980", "JPY"),
        ("¥ 1,980", Locale(country="CN"), "1980", "CNY"),
        ("1,980円(税込)", Locale(), "1980", "JPY"),
        ("￥１,９８０", Locale(), "1980", "JPY"),
        ("1\u00a0299,00 kr", Locale(country="SE"), "1299.00", "SEK"),
        ("1 299:-", Locale(country="SE"), "1299", None),
        ("kr 1 299,50", Locale(country="NO"), "1299.50", "NOK"),
        ("249 kr", Locale(), "249", None),
        ("R$ 49,90", Locale(), "49.90", "BRL"),
        ("₹1,29,900", Locale(), "129900", "INR"),
        ("Rs. 1,499", Locale(country="IN"), "1499", "INR"),
        ("35€99", Locale(), "35.99", "EUR"),
        ("1 290 Kč", Locale(), "1290", "CZK"),
        ("129,00 zł", Locale(), "129.00", "PLN"),
        ("12 990 Ft", Locale(), "12990", "HUF"),
        ("AU$ 12.50", Locale(), "12.50", "AUD"),
        ("£84.00 – £99.00", Locale(), "84.00", "GBP"),
        ("84,00 – 99,00 €", Locale(), "84.00", "EUR"),
        ("from 1299 EUR", Locale(), "1299", "EUR"),
        ("149,- €", Locale(), "149", "EUR"),
        ("3 for $12.00", Locale(), "12.00", "USD"),
        ("Size 42, $89", Locale(), "89", "USD"),
    ],
)
def test_a_price_as_shops_write_it(text: str, locale: Locale, amount: str, currency: str | None) -> None:
    """Signs, separators, ranges and what else shops write around a price."""
    money = read_price(text, locale)
    assert money is not None
    assert (money.amount, money.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Price on request",
        "50% off",
        "call 555-0100 now",
        "0,00 €",
        "in 3 days",
        "€",
        "TOP 10",
        "Hose, 25 ft",
        "all 5 sizes",
        "Model R5",
    ],
)
def test_what_is_no_price(text: str) -> None:
    """A text without a price, and a price of nothing, are none."""
    assert read_price(text, Locale()) is None


@pytest.mark.parametrize(
    ("node", "price"),
    [
        ({**MUG, "offers": OFFER}, "9.50"),
        ({**MUG, "offers": [OFFER, {**OFFER, "price": 7}]}, "7"),
        (
            {
                **MUG,
                "offers": {"@type": "AggregateOffer", "lowPrice": 7.5, "highPrice": 9, "priceCurrency": "EUR"},
            },
            "7.5",
        ),
        ({**MUG, "offers": {"@type": "AggregateOffer", "offers": [OFFER]}}, "9.50"),
        ({**MUG, "offers": {"priceSpecification": {"price": "8.00", "priceCurrency": "EUR"}}}, "8.00"),
        (
            {
                **MUG,
                "offers": {
                    "priceSpecification": [
                        {"price": "7.00", "priceCurrency": "EUR", "referenceQuantity": {"value": "100"}},
                        {"price": "6.00", "priceCurrency": "EUR", "priceType": "https://schema.org/ListPrice"},
                        {"price": "8.00", "priceCurrency": "EUR"},
                    ]
                },
            },
            "8.00",
        ),
        (
            {"@graph": [{"@type": "WebPage"}, {**MUG, "@type": ["Thing", "schema:Product"], "offers": OFFER}]},
            "9.50",
        ),
        ({"@type": "http://schema.org/ItemPage", "mainEntity": {**MUG, "offers": OFFER}}, "9.50"),
        ({"@type": "Offer", **OFFER, "itemOffered": MUG}, "9.50"),
        (
            [{**MUG, "offers": {"@id": "#o"}}, {"@id": "#o", **OFFER}],
            "9.50",
        ),
        ({"@type": "ProductGroup", "name": "Mug", "hasVariant": [{**MUG, "offers": OFFER}]}, "9.50"),
    ],
)
def test_the_forms_of_an_offer(node: Any, price: str) -> None:
    """Wherever JSON-LD has a price, it is found; unit prices and former ones are not the price."""
    nodes = node if isinstance(node, list) else [node]
    item = found(linked({"@graph": nodes} if len(nodes) > 1 else nodes[0], more="<h1>Mug</h1>"))
    assert (item.name, item.price, item.currency) == ("Mug", Decimal(price), "EUR")
    assert item.extraction_source == "json_ld"


@pytest.mark.parametrize(
    "text",
    [
        '{"@type":"Product","name":"Mug",}',
        '// shop\n{"@type":"Product",/* x */"name":"Mug"}',
        '<!--\n{"@type":"Product","name":"Mug"}\n-->',
        '//<![CDATA[\n{"@type":"Product","name":"Mug"}\n//]]>',
        '{"@type":"Organization"}{"@type":"Product","name":"Mug"}',
        '{"@type":"Product","name":"Mug"};',
        '{"@type":"Product","description":"a\n\tb","name":"Mug"}',
        '[[]],[{"@type":"Product","name":"Mug"}]',
        "{&quot;@type&quot;:&quot;Product&quot;,&quot;name&quot;:&quot;Mug&quot;}",
    ],
)
def test_json_that_is_a_little_broken(text: str) -> None:
    """What shops' templates do to JSON does not hide it, nor does a block that is none."""
    page = f'{OPEN}{{"@type": "Product", name</script>{OPEN.upper()}{text}</script><h1>Mug</h1>'
    assert found(page).extraction_source == "json_ld"
    assert found(page).name == "Mug"


STRANGE: dict[str, Any] = {
    "null": None,
    "true": True,
    "empty list": [],
    "empty object": {},
    "lists in lists": [[["x"]]],
    "names in names": {"name": {"name": {"name": 1}}},
    "a large number": 10**400,
    "below nothing": -1,
    "long": "9" * 5000,
    "half a character": "\ud800",
    "a number for an id": {"@id": 5},
    "nothing in a list": [None, {"@type": None}],
}


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    "field", ["name", "image", "brand", "offers", "sku", "gtin13", "url", "@type", "@id", "hasVariant"]
)
def test_any_value_in_any_field(field: str, strange: str) -> None:
    """A field that holds what it should not costs that field alone, and never the page."""
    page = linked({**MUG, "offers": OFFER, field: STRANGE[strange]}, more=SOLD)
    item = found(page)
    assert item.name == "Mug" or field in ("name", "hasVariant")
    assert item.price == Decimal("9.50")


def test_texts_are_texts() -> None:
    """Tags, scripts and control characters are no part of a text, and its length is bounded."""
    name = "<b>Mug</b> <script>alert(1)</script>\u202e\x07&amp;amp; &lt;img src=x onerror=y&gt; " + "x" * 9000
    item = found(
        linked({**MUG, "name": name, "description": name, "sku": name}).replace(b"</script>\\u", b"<\\/script>\\u")
    )
    assert item.name is not None
    assert item.name.startswith("Mug & x")
    assert len(item.name) <= NAME_CHARACTERS
    assert len(item.sku or "") <= SKU_CHARACTERS
    assert len(item.description or "") <= TEXT_CHARACTERS


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "https://a:b@shop.example/x",
        "//[",
        "http://x:99999999/",
        "ftp://x/y",
        "x" * 3000,
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    """An address that is not of the web, names a person or is none is not kept, as a picture or as the page's."""
    head = f'<base href="{address}"><link rel="canonical" href="{address}">'
    item = found(head.encode() + linked({**MUG, "image": address, "url": address}))
    assert (item.product_url, item.image_url) == (URL, None)


@pytest.mark.parametrize(
    ("canonical", "address"),
    [
        ("/p/mug-blue", "https://shop.example.com/p/mug-blue"),
        ("https://www.shop.example.com/p/mug", "https://www.shop.example.com/p/mug"),
        ("https://other.example.com/p/mug", URL),
        ("https://shop.example.com/", URL),
    ],
)
def test_the_address_of_a_product(canonical: str, address: str) -> None:
    """A canonical address counts if it is of the same shop, and not of its front page."""
    assert found(f'<link rel=canonical href="{canonical}">'.encode() + linked(MUG)).product_url == address


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        ("Müslischale", "utf-8"),
        ("Müslischale", None),
        ("Müslischale", "iso-8859-1"),
        ("Müslischale", "zip"),
        ("Müslischale", "no-such"),
    ],
)
def test_whatever_a_page_says_of_its_bytes(page: str, charset: str | None) -> None:
    """UTF-8 is read as such under any label, and other bytes by theirs, or as what western pages are in."""
    html = f"<h1>{page}</h1><b class=price>9 €</b><button>kaufen</button>"
    assert found(html.encode(), charset=charset).name == page
    assert found(html.encode("cp1252"), charset=charset).name == page


def test_utf_16_and_null_bytes() -> None:
    """A mark of UTF-16 is believed, and null bytes are nothing."""
    assert found(SOLD.encode("utf-16")).price == Decimal("9.50")
    assert found(SOLD.replace("Mug", "M\0ug")).name == "Mug"


def test_a_price_is_told_with_its_own_currency() -> None:
    """Where two sources tell of two prices, the trusted one is taken, with its currency, and somebody looks."""
    told = {"og:type": "product", "product:price:amount": "12", "product:price:currency": "USD"}
    head = "".join(f'<meta property="{name}" content="{value}">' for name, value in told.items())
    item = found(head.encode() + linked({**MUG, "offers": OFFER}, more=SOLD))
    assert (item.price, item.currency, item.needs_review) == (Decimal("9.50"), "EUR", True)


HOSTILE: dict[str, Callable[[], str]] = {
    "deep tags": lambda: "<div>" * (SIZE // 5),
    "many attributes": lambda: "<div " + " ".join(f"a{i}=1" for i in range(SIZE // 10)) + ">",
    "ends without a beginning": lambda: "<div><p></b></i>" * (SIZE // 16),
    "deep arrays": lambda: OPEN + "[" * SIZE + "</script>",
    "deep objects": lambda: OPEN + '{"@graph":' * 90_000 + "1" + "}" * 90_000 + "</script>",
    "many objects": lambda: OPEN + '{"@graph":[' + '{"@type":"Product","name":"a"},' * 30_000 + "{}]}</script>",
    "quotes without an end": lambda: OPEN + '{"a":1,' + '"\\' * 400_000 + "</script>",
    "comments without an end": lambda: OPEN + '{"a":1,' + "/*" * 400_000 + "</script>",
    "items in items": lambda: (
        '<div itemscope itemtype="http://schema.org/Product">' * 140 + "<i itemprop=a>x</i>" * 20_000
    ),
    "texts in texts": lambda: "<p itemscope>" + "<div itemprop=name>" * 140 + ("x" * 100 + "<b></b>") * 10_000,
    "items that are each other": lambda: "".join(
        f'<div id=a{i} itemprop=x itemscope itemref="a{i + 1} a{i + 1} a{i + 1}"></div>' for i in range(30)
    ),
    "prices everywhere": lambda: "<div>" * 100 + SOLD + "<span class=price>$1.00</span>" * 20_000,
    "large signs": lambda: "<" * SIZE,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_made_to_keep_a_machine_busy(name: str) -> None:
    """Two megabytes of the worst take bounded time, in a thread with a small stack, and raise nothing."""
    page = HOSTILE[name]().encode()
    took: list[float] = []

    def work() -> None:
        began = time.thread_time()
        extract(page, URL, None)
        page_text(page, None, 6000)
        took.append(time.thread_time() - began)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert took[0] < CPU_SECONDS


_PIECES = st.sampled_from(
    [
        OPEN,
        "</script>",
        '{"@type":"Product",',
        '"name":"Mug"',
        '"offers":',
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "<h1>",
        "</h1>",
        "<div itemscope itemtype='http://schema.org/Product'>",
    ]
    + [
        "<span itemprop=name>",
        "<meta property='og:type' content=product>",
        "€9,50",
        "<p class=price>",
        "<button>Add to cart</button>",
        "\x00",
        "\ufffe",
        "&#0;",
        "<!--",
        "<base href='//'>",
    ]
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(_PIECES | st.text(max_size=5), max_size=25), st.sampled_from([None, "utf-8", "utf-16", "shift_jis"])
)
def test_any_page_is_read(pieces: list[str], charset: str | None) -> None:
    """Whatever a page is made of, nothing is raised, and what is found is within bounds."""
    item = extract("".join(pieces).encode("utf-8", "surrogatepass"), URL, charset)
    if item is not None:
        assert item.product_url.startswith("https://shop.example.com/")
        assert 0 <= item.confidence <= 1
        assert item.price is None or 0 < item.price <= PRICE_AT_MOST
        assert item.name is None or 0 < len(item.name) <= NAME_CHARACTERS


def test_the_text_of_a_page() -> None:
    """What a page shows is its text, without scripts, menus and styles, up to a bound."""
    page = (
        "<title>T</title><nav>Menu</nav><style>a{}</style><script>b()</script><p>Mug &amp; saucer</p>"
        + "<p>word</p>" * 5000
    )
    text = page_text(page.encode(), None, 100)
    assert text.startswith("Mug & saucer word")
    assert len(text) <= 100
