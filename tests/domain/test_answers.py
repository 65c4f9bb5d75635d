"""How answers are read: strictly, trimmed, and with every failing field named."""

import doctest
import math
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

import onboarding.reading
from onboarding.answers import Answer, Text, Texts, TimeOfDay, plain, recall
from onboarding.errors import InvalidAnswer
from onboarding.reading import read
from tests.domain.given import errors, refused

SYMBOL = Annotated[str, Meta(pattern="^[A-Z]+$", min_length=2, max_length=4)]


class Inner(Struct, frozen=True, kw_only=True):
    count: Annotated[int, Meta(ge=1, le=3)]
    loud: bool = True


class Everything(Answer, frozen=True, kw_only=True):
    whole: Annotated[int, Meta(ge=0, le=10)] = 0
    amount: Annotated[float, Meta(ge=0, le=10)] = 0
    flag: bool = False
    text: Text = "t"
    texts: Texts = msgspec.field(default_factory=list)
    clock: TimeOfDay = "00:00"
    inner: list[Inner] = msgspec.field(default_factory=list)
    maybe: Annotated[float, Meta(ge=1)] | UnsetType | None = UNSET
    symbol: SYMBOL | UnsetType | None = UNSET


class Required(Answer, frozen=True, kw_only=True):
    whole: int
    texts: Texts


def codes(data: object, kind: type[Answer] = Everything, **options: Any) -> list[tuple[str, str]]:
    """What `read` says is wrong, or nothing."""
    try:
        read(kind, data, **options)
    except InvalidAnswer as refused:
        return errors(refused)
    return []


NOT_A_WHOLE = [True, False, "5", 5.0, 5.5, math.nan, math.inf, -math.inf, [5], {"v": 5}, b"5"]
NOT_A_NUMBER = [True, "5", "NaN", math.nan, math.inf, -math.inf, [], {}, b"5"]
NOT_A_FLAG = [0, 1, "true", "", [], {}]
NOT_A_TEXT = [5, 5.0, True, ["a"], {"a": 1}, b"a"]
NOT_A_LIST = ["a", 5, True, {"0": "a"}, ("a",), b"a"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("whole", v) for v in NOT_A_WHOLE]
    + [("amount", v) for v in NOT_A_NUMBER]
    + [("maybe", v) for v in NOT_A_NUMBER]
    + [("flag", v) for v in NOT_A_FLAG]
    + [("text", v) for v in NOT_A_TEXT]
    + [("clock", v) for v in NOT_A_TEXT]
    + [("texts", v) for v in NOT_A_LIST]
    + [("inner", v) for v in NOT_A_LIST],
)
def test_a_value_of_another_type_is_refused(field: str, value: object) -> None:
    """No value is taken for one of another type: true is no number, "5" no integer, 5.0 no integer."""
    assert codes({field: value}) == [(field, "wrong_type")]


@pytest.mark.parametrize("field", ["whole", "amount"])
@pytest.mark.parametrize("value", [10**19, 10**400, -(10**400), -(10**19)])
def test_integers_beyond_every_machine_word_are_out_of_bounds(field: str, value: int) -> None:
    """An integer of any length is compared with the bounds, and breaks nothing."""
    assert codes({field: value}) == [(field, "too_large" if value > 0 else "too_small")]


def test_a_whole_float_is_an_integer_only_where_models_speak() -> None:
    """5.0 is taken as the integer 5 with `whole_floats`, but 5.5, NaN, infinity and true never are."""
    value = read(Everything, {"whole": 5.0}, whole_floats=True).whole
    assert (value, type(value)) == (5, int)
    for wrong in (5.5, math.nan, math.inf, True, "5"):
        assert codes({"whole": wrong}, whole_floats=True) == [("whole", "wrong_type")]
    assert codes({"whole": 11.0}, whole_floats=True) == [("whole", "too_large")]
    assert codes({"inner": [{"count": 2.0}]}, whole_floats=True) == []


@pytest.mark.parametrize("data", [None, [], "text", 5, True, [{"whole": 1}], 1.5])
def test_data_that_is_no_object_is_refused(data: object) -> None:
    """An answer is an object; anything else is one error without a field, or with the prefix alone."""
    assert codes(data) == [("", "wrong_type")]
    assert codes(data, prefix="steps[1].data.") == [("steps[1].data", "wrong_type")]


def test_null_for_an_optional_field_is_leaving_it_out() -> None:
    """Null gives the default of every optional field, and an absent one is absent in the plain form."""
    nothing = dict.fromkeys(Everything.__struct_fields__)
    assert read(Everything, nothing) == read(Everything, {}) == Everything()
    assert "maybe" not in plain(read(Everything, nothing))
    assert plain(read(Everything, {}))["texts"] == []


@pytest.mark.parametrize("data", [{}, {"whole": None, "texts": None}])
def test_null_for_a_required_field_is_leaving_it_out_too(data: dict[str, Any]) -> None:
    """A required field is missing whether it is absent or null, and all missing ones are named."""
    assert codes(data, Required) == [("whole", "required"), ("texts", "required")]


def test_unknown_fields_are_refused_at_every_depth() -> None:
    """A field that the answer does not have is an error at its own path, beside the other errors."""
    data = {"nope": 1, "whole": 11, "inner": [{"count": 1}, {"count": 9, "x": None}]}
    assert codes(data) == [
        ("whole", "too_large"),
        ("inner[1].count", "too_large"),
        ("inner[1].x", "unknown_field"),
        ("nope", "unknown_field"),
    ]


def test_a_long_unknown_name_is_not_echoed_whole() -> None:
    """An error names at most 80 characters of a field that somebody made up."""
    ((field, code),) = codes({"x" * 100_000: 1})
    assert (len(field), code) == (80, "unknown_field")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a", "a"),
        ("x" * 200, "x" * 200),
        ("  \t" + "x" * 200 + "\n ", "x" * 200),
        (" padded ", "padded"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("I <3 it", "I <3 it"),
        ("O'Brien & söhne", "O'Brien & söhne"),
        ("日本語", "日本語"),
        ("👩‍💻", "👩‍💻"),
        ("😀" * 200, "😀" * 200),
        ("&lt;b&gt;", "&lt;b&gt;"),
    ],
)
def test_texts_are_trimmed_and_kept(given: str, kept: str) -> None:
    """A text of 1 to 200 characters after trimming is kept as typed, in any script."""
    assert read(Everything, {"text": given}).text == kept


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "too_short"),
        ("   ", "too_short"),
        ("\u00a0\u2003", "too_short"),
        ("\u200b", "too_short"),
        ("\ufeff\u200d", "too_short"),
        ("\x00", "too_short"),
        ("x" * 201, "too_long"),
        (" " + "x" * 201 + " ", "too_long"),
        ("😀" * 201, "too_long"),
        ("<b>bold</b>", "markup"),
        ("a</p>", "markup"),
        ("<!-- a -->", "markup"),
        ("<?php ?>", "markup"),
        ("a <script", "markup"),
        ("a\x00b", "control_character"),
        ("a\nb", "control_character"),
        ("a\tb", "control_character"),
        ("a\x1b[31m", "control_character"),
        ("a\x85b", "control_character"),
        ("a\ud800", "control_character"),
    ],
)
def test_texts_that_are_refused(value: str, code: str) -> None:
    """Empty, invisible, too long, with tags, or with control characters: refused, not repaired."""
    assert codes({"text": value}) == [("text", code)]
    assert codes({"texts": ["ok", value]}) == [("texts[1]", code)]


def test_a_list_has_at_most_fifty_texts() -> None:
    """50 items are taken; 51 are one error, however many of them are wrong as well."""
    assert codes({"texts": [f"t{i}" for i in range(50)]}) == []
    assert codes({"texts": [f"t{i}" for i in range(51)]}) == [("texts", "too_long")]
    assert codes({"texts": ["same"] * 100_000}) == [("texts", "too_long")]
    assert codes({"texts": [5] * 51}) == [("texts", "too_long")]


def test_repeats_are_found_however_they_are_written() -> None:
    """Two texts that differ in case or blanks around them are the same; each repeat is named."""
    data = {"texts": ["Nuts", "straße", " nUTS ", "milk", "STRASSE", "nuts"]}
    assert codes(data) == [("texts[2]", "duplicate"), ("texts[4]", "duplicate"), ("texts[5]", "duplicate")]


@pytest.mark.parametrize("value", ["00:00", "07:30", "09:05", "19:59", "20:00", "23:59"])
def test_times_of_day(value: str) -> None:
    """HH:MM from 00:00 to 23:59 is a time of day."""
    assert read(Everything, {"clock": value}).clock == value


NO_TIMES = ["24:00", "23:60", "7:30", "07:3", "0730", "07:30:00", "07.30", "-7:30", "+7:30", "07:30Z", "aa:bb"]
NO_TIMES += ["٠٧:٣٠", "\uff10\uff17:\uff13\uff10", "07\uff1a30", "07:30\n", "\n07:30", " 07:30", "07:30 "]


@pytest.mark.parametrize("value", [*NO_TIMES, "", "7:30 am", "9" * 1000])
def test_what_is_no_time_of_day(value: str) -> None:
    """Anything but two ASCII digits each is refused, to the last newline."""
    assert codes({"clock": value}) == [("clock", "bad_format")]


@pytest.mark.parametrize(
    ("value", "fits"), [("A", False), ("AB", True), ("ABCD", True), ("ABCDE", False), ("ab", False)]
)
def test_a_pattern_and_a_length_bind_together(value: str, fits: bool) -> None:
    """A text with a pattern is held to its lengths as well, and its error does not speak of times."""
    if fits:
        assert read(Everything, {"symbol": value}).symbol == value
    else:
        error = refused(InvalidAnswer, lambda: read(Everything, {"symbol": value}))
        assert errors(error) == [("symbol", "bad_format")]
        assert "time" not in error.errors[0].detail


def test_every_failing_field_is_named_at_once() -> None:
    """One reading finds every error, each at its exact path behind the given prefix."""
    data = {
        "whole": -1,
        "amount": 10.01,
        "flag": "yes",
        "text": "",
        "texts": ["a", 5, "A"],
        "clock": "7:30",
        "inner": [{"count": 1}, {}, 5, {"count": 4, "loud": 1}],
        "maybe": 0.5,
        "other": 1,
    }
    assert codes(data, prefix="p.") == [
        ("p.whole", "too_small"),
        ("p.amount", "too_large"),
        ("p.flag", "wrong_type"),
        ("p.text", "too_short"),
        ("p.texts[1]", "wrong_type"),
        ("p.texts[2]", "duplicate"),
        ("p.clock", "bad_format"),
        ("p.inner[1].count", "required"),
        ("p.inner[2]", "wrong_type"),
        ("p.inner[3].count", "too_large"),
        ("p.inner[3].loud", "wrong_type"),
        ("p.maybe", "too_small"),
        ("p.other", "unknown_field"),
    ]


def test_reading_leaves_the_data_alone() -> None:
    """The data that was read is as it was, and the answer does not share its lists."""
    data = {"texts": [" a "]}
    value = read(Everything, data)
    assert data == {"texts": [" a "]}
    assert value.texts == ["a"]
    assert read(Everything, {}).texts is not read(Everything, {}).texts


def test_a_check_speaks_for_one_field() -> None:
    """A function in `extra.check` gives its own code, together with the errors of other fields."""

    def odd(value: object) -> tuple[str, str] | None:
        return ("even", "must be odd") if value in (2, 4) else None

    class Checked(Answer, frozen=True, kw_only=True):
        number: Annotated[int, Meta(extra={"check": odd})]
        flag: bool

    assert codes({"number": 2, "flag": 1}, Checked) == [("number", "even"), ("flag", "wrong_type")]
    assert codes({"number": 3, "flag": True}, Checked) == []


def test_an_old_history_may_have_fields_that_no_answer_has_now() -> None:
    """What was validated when it was saved is recalled with the fields that are still there."""
    old = {"whole": 5, "dropped_long_ago": "x", "inner": [{"count": 1, "gone": 2}]}
    assert recall(Everything, old) == read(Everything, {"whole": 5, "inner": [{"count": 1}]})


def test_plain_and_read_are_inverse() -> None:
    """An answer's plain form is JSON data that reads as the same answer."""
    value = read(Everything, {"texts": ["a"], "inner": [{"count": 2}], "maybe": 3})
    assert read(Everything, msgspec.json.decode(msgspec.json.encode(plain(value)))) == value


def test_the_example_in_the_documentation() -> None:
    """What the module shows of itself is what happens."""
    assert doctest.testmod(onboarding.reading) == (0, 7)
