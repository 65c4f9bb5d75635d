"""CSV files: how they are read, what their columns seem to be, and what their rows say."""

import csv
import io
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.imports import COLUMNS, FIELDS, ROWS, RowError, Shape, Unreadable
from onboarding.imports.amounts import read_amount, split_money
from onboarding.imports.mapping import suggest, wrong_mapping
from onboarding.imports.rows import Rows
from onboarding.imports.table import examine, records
from onboarding.items import Offer

ROWS_OF_A_SHOP = [
    ["Artikel", "EAN", "Preis", "Menge"],
    ["Becher, blau", "4006381333931", "1.299,00", "2"],
    ['Teller "Ø 20"', "96385074", "7,50", "1,5"],
    ["zwei\nZeilen; eine", "", "0,99", "10"],
]


def table(rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    """A file as a spreadsheet writes it."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding)


def errors_of(content: bytes) -> set[str]:
    """What is wrong with a file as a whole."""
    with pytest.raises(Unreadable) as refused:
        examine(io.BytesIO(content))
    assert {error.field for error in refused.value.errors} == {"file"}
    return {error.code for error in refused.value.errors}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_spreadsheet_is_read(delimiter: str, encoding: str) -> None:
    """Whatever stands between cells, in whatever letters, with newlines in cells: the same table."""
    content = io.BytesIO(table(ROWS_OF_A_SHOP, delimiter, encoding))
    seen = examine(content)
    assert seen.columns == ("Artikel", "EAN", "Preis", "Menge")
    assert [cells for _, cells in records(content, seen.shape)] == ROWS_OF_A_SHOP
    assert seen.rows == 3
    assert seen.suggested == {"name": "Artikel", "gtin": "EAN", "price": "Preis", "quantity": "Menge"}
    assert seen.shape.marks["Preis"] == ","
    assert seen.sample[2][0] == "zwei Zeilen; eine"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    """Lines end as on any system; blank ones are no rows, and rows keep their numbers."""
    content = io.BytesIO(f"name,sku{end}{end}Mug,1{end},{end}Cup,2{end}".encode())
    seen = examine(content)
    assert [number for number, _ in records(content, seen.shape)] == [1, 3, 5]
    assert seen.rows == 2


def test_a_line_that_names_the_delimiter() -> None:
    """The first line that a spreadsheet adds for itself is no row."""
    content = io.BytesIO(b"sep=;\r\nname;price\r\nA, B;1,50\r\n")
    seen = examine(content)
    assert (seen.columns, seen.rows) == (("name", "price"), 1)
    assert [number for number, _ in records(content, seen.shape)] == [1, 2]


def test_one_column() -> None:
    """A list of names is a table too, whatever stands in the names."""
    seen = examine(io.BytesIO(b"Name\nMug, blue\nCup; red\n"))
    assert (seen.columns, seen.sample) == (("Name",), (("Mug, blue",), ("Cup; red",)))


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",;'), min_size=1, max_size=12
).filter(lambda cell: bool(cell.strip()) and not cell.startswith("\ufeff"))


@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    """Any cells, with quotes and delimiters in them, come back as they were."""
    shape = Shape(encoding=encoding, delimiter=delimiter)
    content = io.BytesIO(table(rows, delimiter, encoding))
    assert [cells for _, cells in records(content, shape)] == rows


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_anything_is_refused_or_read(content: bytes) -> None:
    """Bytes of any kind are a table or are told why they are none; nothing else is raised."""
    with suppress(Unreadable):
        seen = examine(io.BytesIO(content))
        assert 0 < len(seen.columns) <= COLUMNS
        assert len(set(seen.columns)) == len(seen.columns)
        assert wrong_mapping(seen.suggested, seen.columns) == () or not {"name", "gtin"} & set(seen.suggested)


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", {"empty"}),
        (b"name,price\n", {"no_rows"}),
        (b"name,Name,,price,price\nx,y,z,1,2\n", {"duplicate_column", "unnamed_column"}),
        (b"Mug,12.50\nCup,7\n", {"header_missing"}),
        (b"a" * 101 + b",b\nx,y\n", {"column_name_too_long"}),
        (",".join(f"c{n}" for n in range(101)).encode() + b"\nx\n", {"too_many_columns"}),
        (b"PK\x03\x04" + bytes(200), {"not_text"}),
        (b"%PDF-1.7\x00\x01\x02", {"not_text"}),
        (b'name,price\n"Mug,1\n' + b"x" * 140_000, {"broken_row"}),
        ("name\nMug".encode("utf-16") + b"\x00", {"broken_row"}),
        (b"name\n" + b"x\n" * (ROWS + 1), {"too_many_rows"}),
    ],
)
def test_what_is_no_table(content: bytes, codes: set[str]) -> None:
    """A file without a header, or that is none at all, is told what is wrong with it."""
    assert errors_of(content) == codes


def test_a_header_of_a_million_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused for their number alone: none of its names is looked at."""
    looked_at: list[str] = []
    monkeypatch.setattr("onboarding.imports.table.tidy_text", lambda text, _: looked_at.append(text))
    assert errors_of(b"a" + b"," * 1_000_000 + b"b\n1,2\n") == {"too_many_columns"}
    assert looked_at == []


HEADERS = [
    ("Product Name,SKU,UPC,Unit Price,Currency,Qty,Image URL,Product URL,Brand,Description", "en"),
    (
        "Bezeichnung,Artikelnummer,Strichcode,Einzelpreis,Währung,Lagerbestand,Bild,Webseite,Hersteller,Beschreibung",
        "de",
    ),
    ("Nombre,Código,Código de barras,Precio,Moneda,Cantidad,Imagen,Enlace,Proveedor,Descripción", "es"),
    ("Désignation,Référence,Code-barres,Prix unitaire,Devise,Quantité,Image,Lien,Fournisseur,Descriptif", "fr"),
    ("productName,partNumber,ean13,listPrice,currencyCode,inStock,photoUrl,link,vendor,notes", "camel"),
]
ORDER = ["name", "sku", "gtin", "price", "currency", "quantity", "image_url", "url", "supplier", "description"]


@pytest.mark.parametrize("header", [header for header, _ in HEADERS], ids=[name for _, name in HEADERS])
def test_columns_are_recognised(header: str) -> None:
    """Names in four languages, and as programs write them, are each what they say."""
    names = header.split(",")
    assert suggest(names, [[]] * len(names)) == {field: names[ORDER.index(field)] for field in FIELDS}


def test_contents_decide() -> None:
    """A column of GTINs is one without a name for it; what its contents belie it is not."""
    assert suggest(["Nr", "Was"], [["4006381333931", "96385074"], ["Mug", "Cup"]]) == {"gtin": "Nr"}
    assert suggest(["code", "name"], [["A-1", "A-2"], ["Mug", "Cup"]]) == {"name": "name", "sku": "code"}
    assert suggest(["code", "name"], [["96385074"], ["Mug"]]) == {"name": "name", "gtin": "code"}
    assert suggest(["price", "name"], [["cheap", "dear"], ["Mug", "Cup"]]) == {"name": "name"}


def test_a_mapping_is_checked_as_a_whole() -> None:
    """Everything that is wrong with it is told at once."""
    given_ = {"nam": "A", "price": "A", "sku": "X", "currency": "B"}
    found = {(error.field, error.code) for error in wrong_mapping(given_, ["A", "B"])}
    assert found == {
        ("mapping.nam", "unknown_field"),
        ("mapping.price", "column_used_twice"),
        ("mapping.sku", "unknown_column"),
    }
    found = {(error.field, error.code) for error in wrong_mapping({"currency": "A"}, ["A"])}
    assert found == {("mapping", "required"), ("mapping.price", "required")}


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.299,00", "1299.00", None),
        ("1,299.00", "1299.00", None),
        ("1 299,00 \N{EURO SIGN}", "1299.00", "EUR"),
        ("CHF 1\u2019299.50", "1299.50", "CHF"),
        ("$12", "12", "USD"),
        ("12,-", "12", None),
        ("1.299", "1299", None),
        ("12.5", "12.5", None),
        ("0,125", "0.125", None),
        ("1234,567", "1234.567", None),
        ("12,34,567.80", "1234567.80", None),
        ("1.299.000", "1299000", None),
        ("-3", "-3", None),
        (".5", "0.5", None),
        ("=1+2", None, None),
        ("1.2.3", None, None),
        ("1,2,3.4", None, None),
        ("12 mugs", None, None),
        ("\N{ARABIC-INDIC DIGIT FOUR}", None, None),
        ("1e5", None, None),
        ("NaN", None, None),
        ("", None, None),
    ],
)
def test_amounts(text: str, amount: str | None, currency: str | None) -> None:
    """Prices as they are written in several countries, and what is no price."""
    number, said = split_money(text)
    assert read_amount(number) == (None if amount is None else Decimal(amount))
    assert said == currency


@given(st.decimals(0, 10**9, places=2), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_amounts_of_every_locale(amount: Decimal, marks: tuple[str, str]) -> None:
    """With two decimals a number is the same however it is grouped."""
    group, fraction = marks
    text = f"{amount:,.2f}".replace(",", "G").replace(".", fraction).replace("G", group)
    assert read_amount(text) == amount


@given(st.text("0123456789.,- '\N{EURO SIGN}EURx", max_size=30))
def test_any_amount_is_a_number_or_none(text: str) -> None:
    """Nothing raises, and what is read is finite."""
    found = read_amount(split_money(text)[0])
    assert found is None or found.is_finite()


COLUMN_NAMES = ("name", "gtin", "price EUR", "qty", "url", "cur", "about", "sku")
MAPPING = dict(
    zip(("name", "gtin", "price", "quantity", "url", "currency", "description", "sku"), COLUMN_NAMES, strict=True)
)


def read(*cells: str, marks: dict[str, str] | None = None) -> Offer | tuple[RowError, ...]:
    """A row of such a file."""
    shape = Shape(encoding="utf-8", delimiter=",", marks=marks or {})  # type: ignore[arg-type]
    return Rows("an-import", COLUMN_NAMES, MAPPING, shape).read(7, cells)


def test_a_row_is_an_offer() -> None:
    """All of a row is read, with its currency from wherever it is told; formulas are texts like others."""
    offer = read(
        "=cmd|'x'!A1", "36000291452", "1.299,00", "2,5", "https://shop.example/a", "usd", "a\r\nb\x00", "A-1"
    )
    assert isinstance(offer, Offer)
    assert (offer.ref, offer.name, offer.gtin) == ("an-import/7", "=cmd|'x'!A1", "00036000291452")
    assert (offer.price, offer.currency, offer.quantity) == (Decimal(1299), "USD", Decimal("2.5"))
    assert (offer.url, offer.description, offer.sku) == ("https://shop.example/a", "a\nb", "A-1")
    for price, currency in (("7", "EUR"), ("7 \N{POUND SIGN}", "GBP")):
        found = read("Mug", "", price)
        assert isinstance(found, Offer)
        assert (found.currency, found.quantity) == (currency, Decimal(1))


def test_the_column_decides_what_a_mark_is() -> None:
    """Three digits after a mark are a group, unless the other numbers of the column show a fraction."""
    for marks, amount in (({}, "1500"), ({"qty": "."}, "1.5"), ({"qty": ","}, "1500")):
        offer = read("Mug", "", "", "1.500", marks=marks)
        assert isinstance(offer, Offer)
        assert offer.quantity == Decimal(amount)


def test_everything_wrong_with_a_row_is_told() -> None:
    """Each cell that holds nothing of its kind is named, with what is wrong."""
    wrong = read("x" * 301, "4006381333932", "-1", "0", "ftp://x", "EURO$", "y" * 5001, "z" * 101, "more")
    assert isinstance(wrong, tuple)
    assert {(error.row, error.field, error.code) for error in wrong} == {
        (7, "name", "too_long"),
        (7, "gtin", "bad_gtin"),
        (7, "price", "too_small"),
        (7, "quantity", "too_small"),
        (7, "url", "bad_url"),
        (7, "currency", "unknown_currency"),
        (7, "description", "too_long"),
        (7, "sku", "too_long"),
        (7, "", "too_many_cells"),
    }
    for cells, field, code in (
        (("", "", "5"), "name", "required"),
        (("Mug", "4.00638E+12"), "gtin", "bad_gtin"),
        (("Mug", "", "1e9"), "price", "not_a_number"),
        (("Mug", "", "1" * 13), "price", "too_large"),
        (("Mug", "", "", "0.0000001"), "quantity", "too_small"),
        (("Mug", "", "", "1.0000001"), "quantity", "too_many_decimals"),
    ):
        wrong = read(*cells)
        assert isinstance(wrong, tuple)
        assert [(error.field, error.code) for error in wrong] == [(field, code)]


@given(st.lists(st.text(max_size=40), max_size=9))
def test_any_row_is_read(cells: list[str]) -> None:
    """Whatever stands in cells, a row is an offer within its bounds, or errors."""
    found = read(*cells)
    if isinstance(found, Offer):
        assert found.quantity > 0
        assert found.name or found.gtin or found.sku or found.url
        assert not any("\x00" in (text or "") for text in (found.name, found.description, found.sku))
    else:
        assert found


@pytest.mark.parametrize(
    "cell", ["1" + "a" * 130_000 + "1", ",-" * 65_000, "http://" + ".jpg?" * 26_000, "&" * 130_000]
)
def test_long_cells_cost_little(cell: str) -> None:
    """No cell, however it is made, keeps a reader busy."""
    begun = time.process_time()
    content = f"name,gtin,price,qty,url\n{','.join([f'{chr(34)}{cell}{chr(34)}'] * 5)}\n".encode()
    examine(io.BytesIO(content))
    read(*[cell] * 8)
    assert time.process_time() - begun < 1
