"""Codes of goods, judged by python-stdnum: what is a GTIN, and which one it is, however it was scanned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, isbn

from onboarding.gtin import CODE_CHARACTERS, check_digit, read_code
from onboarding.lookups import trade_number

DIGITS = st.text("0123456789", min_size=0, max_size=16)
LENGTHS = st.sampled_from([7, 11, 12, 13])
BODIES = LENGTHS.flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)).filter(
    lambda each: each.strip("0")
)


def upc_e(number: str) -> str | None:
    """The short form of a UPC-A by the table of the General Specifications, written the other way round."""
    system, maker, item, check = number[0], number[1:6], number[6:11], number[11]
    if system not in "01":
        return None
    if maker[2] in "012" and maker[3:] == "00" and item[:2] == "00":
        body = maker[:2] + item[2:] + maker[2]
    elif maker[3:] == "00" and item[:3] == "000":
        body = maker[:3] + item[3:] + "3"
    elif maker[4] == "0" and item[:4] == "0000":
        body = maker[:4] + item[4] + "4"
    elif item[:4] == "0000" and item[4] in "56789":
        body = maker + item[4]
    else:
        return None
    return system + body + check


@given(DIGITS)
def test_a_gtin_is_what_stdnum_says(text: str) -> None:
    """Digits are a GTIN just where an independent judge says so; short forms and ISBN-10 are tested below."""
    found = read_code(text, "ean_8").gtin
    if len(text) == 10:
        assert (found is not None) == isbn.is_valid(text)
    else:
        assert (found is not None) == (ean.is_valid(text) and text.strip("0") != "")
    if found and len(text) != 10:
        assert found == text.zfill(14)


@given(BODIES)
def test_check_digits_are_stdnums(body: str) -> None:
    """Every number with its check digit is one, and with any other digit there it is none."""
    right = check_digit(body)
    assert right == ean.calc_check_digit(body)
    assert read_code(body + right, "ean_8").gtin == (body + right).zfill(14)
    wrong = [digit for digit in "0123456789" if digit != right]
    assert [read_code(body + digit, "ean_8").gtin for digit in wrong] == [None] * 9


@given(BODIES, st.sampled_from(["", "]E0", "]C1", "]d2", "]Q3"]), st.sampled_from(["", " ", "-"]))
def test_what_stands_around_does_not_matter(body: str, prefix: str, between: str) -> None:
    """A scanner's prefix, spaces and dashes change nothing."""
    number = body + check_digit(body)
    assert read_code(f" {prefix}{between.join(number)} ", "ean_8").gtin == number.zfill(14)


@given(BODIES.filter(lambda each: len(each) in (11, 12)))
def test_one_thing_has_one_number(body: str) -> None:
    """As UPC-A, as EAN-13, as GTIN-14 and in an element string it is the same thing."""
    number = body + check_digit(body)
    forms = [
        number,
        number.zfill(13),
        number.zfill(14),
        f"(01){number.zfill(14)}(10)A1",
        f"]C101{number.zfill(14)}",
    ]
    assert {read_code(form).gtin for form in forms} == {number.zfill(14)}
    assert {read_code(form).key for form in forms} == {number.zfill(14)}


@given(st.sampled_from("01"), st.text("0123456789", min_size=6, max_size=6))
def test_a_short_form_is_its_long_one(system: str, body: str) -> None:
    """Of UPC-E numbers with their check digits, each stands for the UPC-A whose short form it is."""
    found = {
        digit: gtin
        for digit in "0123456789"
        if (gtin := read_code(system + body + digit, "upc_e").gtin) is not None
    }
    long = {
        digit: gtin for digit, gtin in found.items() if gtin.startswith("00") and not gtin.startswith("000000")
    }
    for digit, gtin in long.items():
        assert ean.is_valid(gtin)
        assert gtin.endswith(digit)
        short = upc_e(gtin[2:])
        # Two short forms may stand for the same number; the table prefers the first.
        assert short is None or read_code(short, "upc_e").gtin == gtin


@given(st.text("0123456789", min_size=9, max_size=9), st.sampled_from("0123456789Xx"))
def test_isbn_10_is_its_isbn_13(body: str, last: str) -> None:
    """A right ISBN-10 becomes the ISBN-13 that stdnum makes of it; a wrong one is no code of goods."""
    text = body + last
    expected = isbn.to_isbn13(text).zfill(14) if isbn.is_valid(text) else None
    assert read_code(text).gtin == expected


@given(st.text(max_size=CODE_CHARACTERS), st.sampled_from([None, "upc_e", "ean_8", "code_128"]))
def test_anything_is_read(text: str, symbology: str | None) -> None:
    """Whatever is scanned is a GTIN with its right check digit, or none; nothing raises."""
    code = read_code(text, symbology)
    assert code.gtin is None or (len(code.gtin) == 14 and ean.is_valid(code.gtin))
    assert code.key == (code.gtin or code.text)


@pytest.mark.parametrize(
    ("given_", "gtin"),
    [
        ("\x1d0109506000134352\x1d10A1", "09506000134352"),
        ("]d2010950600013435217261231\x1d10A1", "09506000134352"),
        ("10A1\x1d0109506000134352", "09506000134352"),
        ("]C1172612310109506000134352", "09506000134352"),
        ("]d2112601013103001234010950600013435210A", "09506000134352"),
        ("172612310109506000134352", None),
        ("(10)A1(01)09506000134352", "09506000134352"),
        ("(01)09506000134353", None),
        ("(02)09506000134352", None),
        ("01234565", "00012345000065"),
        ("96385074", "00000096385074"),
        ("978-3-16-148410-0", "09783161484100"),
        ("080442957X", "09780804429573"),
        ("00000000000000", None),
        ("\N{ARABIC-INDIC DIGIT FOUR}006381333931", None),
        ("SN-1234", None),
        ("", None),
    ],
)
def test_examples(given_: str, gtin: str | None) -> None:
    """Element strings with the number in front and behind others, short forms, books, and what is none."""
    assert read_code(given_).gtin == gtin


@given(BODIES)
def test_as_it_is_printed(body: str) -> None:
    """The number that is sent to catalogues is the same thing."""
    gtin = (body + check_digit(body)).zfill(14)
    assert len(trade_number(gtin)) in (8, 12, 13, 14)
    assert read_code(trade_number(gtin), "ean_8").gtin == gtin
