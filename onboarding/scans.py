"""Risk scans: what may be sent to the AI service, what it may answer, and what is told of a failure."""

import codecs
import re
import unicodedata
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

FILE_BYTES = 10 * 1024 * 1024
TEXT_BYTES = 1024 * 1024
ANSWER_BYTES = 1_000_000
NAME_CHARACTERS = 120
MESSAGE_CHARACTERS = 300

Source = Literal["llm", "model"]

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "eml": "message/rfc822",
}
"""What is scanned, by the extension of a file's name, and the media type that it is sent as."""


class Risk(Struct, frozen=True, kw_only=True):
    """A risk that was found: which, of what kind, and where it stands."""

    risk: Annotated[str, Meta(max_length=2000)]
    category: Annotated[str, Meta(max_length=200)]
    context: Annotated[str, Meta(max_length=20_000)]


class Found(Struct, frozen=True, kw_only=True):
    """What the service answers; what else it says is not looked at."""

    data: Annotated[tuple[Risk, ...], Meta(max_length=2000)]
    source: Source


class Failure(Struct, frozen=True, kw_only=True):
    """Why there is no answer, as the person is told: an HTTP status, a stable code and one sentence."""

    status: int
    code: Literal["ai_service_unavailable", "ai_service_error", "scan_refused"]
    detail: str


AWAY = Failure(
    status=503,
    code="ai_service_unavailable",
    detail="The service that scans is not available at the moment.",
)
UNSET = Failure(
    status=503, code="ai_service_unavailable", detail="No service that scans is set up (AI_SERVICE_URL)."
)
INTERRUPTED = Failure(
    status=503, code="ai_service_unavailable", detail="The scan was interrupted; ask for it once more."
)
NONSENSE = Failure(
    status=502, code="ai_service_error", detail="The service that scans gave an answer that is none."
)


class NoAnswer(ValueError):
    """What the service said is no answer to a scan."""


def read_answer(raw: bytes) -> Found:
    """An answer of the service, all of it checked.

    Raises:
        NoAnswer: it is no JSON, of another shape, or holds what no text may hold.
    """
    try:
        found = msgspec.json.decode(raw, type=Found)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NoAnswer(type(error).__name__) from None
    if any("\x00" in text for risk in found.data for text in (risk.risk, risk.category, risk.context)):
        raise NoAnswer("a null character")  # which the database cannot hold
    return found


def failure_of(status: int, body: bytes) -> Failure:
    """What is told of an answer with an error's status.

    Args:
        status: the service's.
        body: what came with it, as far as it was read.
    """
    if not 400 <= status < 600:
        return NONSENSE
    told = message_of(body)
    if status < 500:
        refused = "The service that scans refused this"
        return Failure(status=422 if status == 422 else 400, code="scan_refused", detail=_sentence(refused, told))
    failed = "The service that scans failed"
    return Failure(status=502, code="ai_service_error", detail=_sentence(failed, told))


def message_of(body: bytes) -> str:
    """The message in an error's body, in one line that can be shown to anybody; empty when there is none.

    Markup goes, and with it whole pages; so do addresses, and whatever looks like a key or a token.

    >>> message_of(b'{"detail": "The <b>file</b> is empty."}')
    'The file is empty.'
    >>> message_of(b'{"error": {"message": "call http://10.0.0.7/x with key sk-abcdefghijklmnopqrstuv"}}')
    'call [...] with key [...]'
    """
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    text = _said(said, 3)
    text = re.sub(r"<[^<>]*>?", "", text)
    text = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    for secret in _SECRETS:
        text = secret.sub("[...]", text)
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE_CHARACTERS else f"{text[: MESSAGE_CHARACTERS - 3].rstrip()}..."


_SECRETS = (
    re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,20}://\S+"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+\S+"),
    re.compile(r"(?i)\b(?:password|passwd|secret|api[_-]?key|access[_-]?key|token)\b\s*[=:]\s*\S+"),
    re.compile(r"[A-Za-z0-9+/=_.-]{24,}"),
)
_WORDS = ("detail", "message", "error", "msg", "title")


def _said(said: object, depth: int) -> str:
    """The text in what services say of errors: a text, an object with one, or a list of such objects."""
    match said:
        case str():
            return said[:20_000]
        case {**fields} if depth:
            return next((text for name in _WORDS if (text := _said(fields.get(name), depth - 1))), "")
        case [*items] if depth:
            return "; ".join(filter(None, (_said(item, depth - 1) for item in items[:5])))
        case _:
            return ""


def _sentence(what: str, told: str) -> str:
    return f"{what}: {told}" if told else f"{what}."


def file_name(given: str) -> str:
    r"""A file's name without a folder, without what hides or hurts, and not too long; its extension stays.

    >>> file_name("C:\\Users\\me\\a <b>.PDF"), file_name("../../etc/passwd"), file_name("\u202eexe.txt")
    ('a _b_.PDF', 'passwd', 'exe.txt')
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", given[:4000]))[-1]
    shown = (" " if each.isspace() else each for each in name if each.isspace() or _is_shown(each))
    name = " ".join(re.sub(r'[<>:"|?*&;`$%]', "_", "".join(shown)).split())
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = name, ""
    stem = stem.lstrip(". ")[: NAME_CHARACTERS - len(ending) - 1].strip() or "document"
    return f"{stem}.{ending}" if ending else stem


def _is_shown(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"


def extension_of(name: str) -> str:
    """The extension of a name, in lower case; empty when there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


class Look:
    """Whether a file is what its name says, seen piece by piece as it arrives."""

    def __init__(self, extension: str) -> None:
        """Of a file whose name ends so."""
        self._check = _CHECKS[extension]()

    def see(self, chunk: bytes) -> None:
        """The next piece."""
        self._check.see(chunk)

    @property
    def is_right(self) -> bool:
        """Whether it was, once all of it was seen."""
        return self._check.is_right


class _Pdf:
    """The mark of a PDF stands somewhere in its first kilobyte."""

    def __init__(self) -> None:
        self._head = b""

    def see(self, chunk: bytes) -> None:
        self._head += chunk[: max(1024 - len(self._head), 0)]

    @property
    def is_right(self) -> bool:
        return b"%PDF-" in self._head


class _Docx:
    """A ZIP archive with the parts that every Word document has; names stand in it as they are."""

    def __init__(self) -> None:
        self._head, self._tail = b"", b""
        self._missing = {b"[Content_Types].xml", b"word/"}

    def see(self, chunk: bytes) -> None:
        self._head += chunk[: max(4 - len(self._head), 0)]
        window = self._tail + chunk
        self._missing = {each for each in self._missing if each not in window}
        self._tail = window[-32:]

    @property
    def is_right(self) -> bool:
        return self._head == b"PK\x03\x04" and not self._missing


class _Text:
    """UTF-8 without null characters."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True

    def see(self, chunk: bytes) -> None:
        if self._is_text:
            self._is_text = b"\x00" not in chunk and self._decodes(chunk, final=False)

    @property
    def is_right(self) -> bool:
        return self._is_text and self._decodes(b"", final=True)

    def _decodes(self, chunk: bytes, *, final: bool) -> bool:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            return False
        return True


class _Mail(_Text):
    """A text that begins with the field of a header."""

    def __init__(self) -> None:
        super().__init__()
        self._head = b""

    def see(self, chunk: bytes) -> None:
        super().see(chunk)
        self._head += chunk[: max(1024 - len(self._head), 0)]

    @property
    def is_right(self) -> bool:
        return super().is_right and bool(re.match(rb"(?:\xef\xbb\xbf)?\s*(?:[!-9;-~]+[ \t]*:|From )", self._head))


_CHECKS: dict[str, type[_Pdf] | type[_Docx] | type[_Text]] = {
    "pdf": _Pdf,
    "docx": _Docx,
    "txt": _Text,
    "md": _Text,
    "csv": _Text,
    "eml": _Mail,
}
