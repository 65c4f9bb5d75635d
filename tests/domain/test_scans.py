"""What is read of uploads and of the AI service, whatever it is."""

import doctest
import io
import zipfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onboarding.scans
from onboarding.scans import (
    MEDIA_TYPES,
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    Look,
    NoAnswer,
    extension_of,
    failure_of,
    file_name,
    message_of,
    read_answer,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=10,
)


def test_the_examples() -> None:
    """What the docstrings show is so."""
    assert doctest.testmod(onboarding.scans).failed == 0


@given(st.text(max_size=500), st.sampled_from(sorted(MEDIA_TYPES)))
def test_names_are_harmless(stem: str, extension: str) -> None:
    """Whatever a file is called, what is left is short, visible, leads nowhere, and ends as it did."""
    name = file_name(f"{stem}.{extension}")
    assert 0 < len(name) <= NAME_CHARACTERS
    assert name.isprintable()
    assert not set(name) & set('/\\<>"|?*&:;')
    assert not name.startswith(".")
    assert extension_of(name) == extension
    assert file_name(name) == name


@given(st.dictionaries(st.sampled_from(["detail", "message", "error", "msg"]), JSON) | JSON)
def test_messages_are_harmless(said: object) -> None:
    """Whatever a service says of an error, what is told is one short line without tags."""
    told = message_of(msgspec.json.encode(said))
    assert len(told) <= MESSAGE_CHARACTERS
    assert "<" not in told
    assert not told or told.isprintable()


@given(st.binary(max_size=300), st.integers(100, 999))
def test_any_error_is_told(body: bytes, status: int) -> None:
    """Each status and body is told as 400, 422 or 502."""
    assert failure_of(status, body).status in ({400, 422} if 400 <= status < 500 else {502})


@given(st.binary(max_size=300) | JSON.map(msgspec.json.encode))
def test_any_answer_is_read_or_refused(raw: bytes) -> None:
    """What is no answer is refused as such, and never in another way."""
    with pytest.raises(NoAnswer):
        read_answer(raw)


def word() -> bytes:
    """A document with other parts before those that are looked for."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("_rels/.rels", "docProps/app.xml", "[Content_Types].xml", "word/document2.xml"):
            archive.writestr(name, "x" * 50)
    return file.getvalue()


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("docx", word()),
        ("pdf", b"\xef\xbb\xbf\n%PDF-1.4 and more"),
        ("txt", "a \U0001f600 ü 名".encode()),
        ("eml", b"\xef\xbb\xbf\r\nReceived: from x\r\n\r\nhello"),
        ("eml", b"From ann@example.org Mon Jan 1\nSubject: x\n\nhello"),
    ],
)
def test_a_look_in_pieces(extension: str, content: bytes, size: int) -> None:
    """It does not matter where a file is cut into pieces."""
    look = Look(extension)
    for start in range(0, len(content), size):
        look.see(content[start : start + size])
    assert look.is_right


@pytest.mark.parametrize("extension", sorted(MEDIA_TYPES))
@pytest.mark.parametrize(
    "content", [b"\x00", b"MZ\x90\x00\x03", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04\x00 word/"]
)
def test_a_look_at_something_else(extension: str, content: bytes) -> None:
    """Programs, pictures and other archives are none of these."""
    look = Look(extension)
    look.see(content)
    assert not look.is_right
