"""The text of an upload, as far as the stand-in can read it."""

import email
import email.policy
import io
import re
import zipfile
import zlib

UNPACKED_AT_MOST = 20_000_000


class Unreadable(Exception):
    """There is no text in it that the stand-in could read."""


def text_of(filename: str, content: bytes) -> str:
    """The text of a file, by its extension.

    Raises:
        Unreadable: it is broken, or of a kind that is not scanned.
    """
    match filename.rpartition(".")[2].lower():
        case "txt" | "md" | "csv":
            return content.decode(errors="replace")
        case "eml":
            return _mail(content)
        case "docx":
            return _docx(content)
        case "pdf":
            return _pdf(content)
        case _:
            raise Unreadable("files of this kind are not scanned")


def _mail(content: bytes) -> str:
    message = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    try:
        said = body.get_content() if body else ""
    except (LookupError, ValueError) as error:
        raise Unreadable("the message cannot be read") from error
    return f"{message['subject'] or ''}\n{_without_tags(said)}"


def _docx(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("word/document.xml") as part:
            xml = part.read(UNPACKED_AT_MOST)
    except (zipfile.BadZipFile, KeyError, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unreadable("the document cannot be opened") from error
    return _without_tags(xml.decode(errors="replace").replace("</w:p>", "\n"))


def _pdf(content: bytes) -> str:
    """What stands in brackets in its streams, packed or not; real readers know fonts as well."""
    texts: list[str] = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            stream = zlib.decompressobj().decompress(packed, UNPACKED_AT_MOST)
        except zlib.error:
            stream = packed
        texts += [each.decode("latin-1") for each in re.findall(rb"\(((?:[^()\\]|\\.){1,2000})\)", stream)]
    return " ".join(texts)


def _without_tags(text: str) -> str:
    return re.sub(r"<[^>]{0,2000}>", " ", text)
