"""The way back to the frontend: a path on it, and nothing that anybody could read as leading elsewhere."""

from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

PATH_CHARACTERS = 1000
DECODED_TIMES = 3
"""So often a path is decoded and looked at again: each hop on its way may do that once."""

HOME = "/"


def no_path(text: str) -> tuple[str, str] | None:
    """Why this is no path on the frontend: the code and the detail of the error.

    Browsers drop tabs and line breaks, and take a backslash for a slash; two slashes begin another host.
    """
    if not (text.isascii() and text.isprintable()) or " " in text:
        return "bad_format", "must be percent-encoded"
    for _ in range(DECODED_TIMES):
        if not _stays(text):
            return "bad_format", "must be a path on the frontend, as `/inventory`"
        before, text = text, unquote(text, errors="replace")
        if text == before:
            return None
    return "bad_format", "must not be encoded over and over"


def back_to(origin: str, path: str, **told: str) -> str:
    """The address of a path on the frontend, with what is told in its query, in place of what stood there."""
    parts = urlsplit(path)
    kept = [each for each in parse_qsl(parts.query, keep_blank_values=True) if each[0] not in told]
    return origin + urlunsplit(("", "", parts.path, urlencode([*kept, *told.items()]), parts.fragment))


def _stays(text: str) -> bool:
    path = text.partition("#")[0].partition("?")[0]
    steps = path.split("/")
    plain = text.isprintable() and "\\" not in text and "//" not in text
    return plain and path.startswith("/") and not {".", ".."} & set(steps)
