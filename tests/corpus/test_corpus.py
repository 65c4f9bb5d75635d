"""The corpus: what is found on pages of shops is what is there."""

from pathlib import Path

import pytest

from tests.corpus.pages import NAMES, counted, differences, found, saved
from tests.corpus.report import table

DOCUMENT = Path("docs/extraction.md")


def named(*, held_out: bool) -> list[str]:
    return [name for name in NAMES if saved(name).held_out == held_out]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_gives_what_is_on_it(name: str) -> None:
    """Each field of each page is found as it is there; what is known to be missed is missed as yet."""
    assert set(differences(name)) == set(saved(name).misses)


def test_only_pages_held_out_may_miss() -> None:
    """What is missed on a page that was looked at is mended; enough pages were not looked at."""
    assert not [name for name in named(held_out=False) if saved(name).misses]
    assert len(named(held_out=False)) >= 34
    assert len(named(held_out=True)) >= 12


def test_what_sells_nothing_gives_nothing() -> None:
    """Categories, searches, articles, carts and the like, some of them held out, are no products."""
    nothing = [name for name in NAMES if saved(name).expected is None]
    assert len(nothing) >= 10
    assert [name for name in nothing if found(name)] == []


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_found_is_right(held_out: bool) -> None:
    """Of all values that are found 97 in 100 are right, and all prices; of what is there, most is found."""
    fields = counted(named(held_out=held_out))
    right = sum(counts.right for counts in fields.values())
    assert right / (right + sum(counts.wrong for counts in fields.values())) >= 0.97
    assert fields["price"].precision == fields["currency"].precision == 1.0
    assert {
        field: counts for field, counts in fields.items() if counts.precision < 0.9 or counts.recall < 6 / 7
    } == {}


def test_the_documentation_has_these_figures() -> None:
    """The tables of the documentation are what the report prints."""
    text = DOCUMENT.read_text()
    for held_out in (False, True):
        assert "\n".join(table(named(held_out=held_out))) in text


def test_somebody_looks_at_what_is_not_sure() -> None:
    """What is told to machines in full needs no look; what has no currency or no price does."""
    assert not found("woo-graph-de").needs_review  # type: ignore[union-attr]
    assert all(item.needs_review for item in map(found, NAMES) if item and None in (item.price, item.currency))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("woo-graph-de", "json_ld"),
        ("microdata-en-au", "microdata"),
        ("open-graph-sv", "open_graph"),
        ("hand-made-de", "html"),
    ],
)
def test_it_says_what_told_most(name: str, source: str) -> None:
    """The source of an item is the one that most of its fields are from, and markup alone is trusted least."""
    item = found(name)
    assert item is not None
    assert item.extraction_source == source
    assert item.confidence <= (0.8 if source == "html" else 1.0)
