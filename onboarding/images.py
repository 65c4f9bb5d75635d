"""Pictures that people upload: which kinds there are, and how they are told apart."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

Kind = Literal["image/jpeg", "image/png", "image/webp", "image/heic"]
KINDS: tuple[Kind, ...] = get_args(Kind)

EXTENSIONS: Mapping[Kind, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "jpg",
}
"""Of what is stored: HEIC, which few browsers show, becomes JPEG."""

_NAMED: dict[str, Kind] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heic",
}
_ALSO: dict[str, Kind] = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/heif": "image/heic",
    "image/heic-sequence": "image/heic",
}
_SAYS_NOTHING = ("", "application/octet-stream", "binary/octet-stream")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
HEAD_BYTES = 12
"""By so many at the beginning a kind is known."""

_DATA_URL = re.compile(r"data:([A-Za-z0-9.+-]{1,40}/[A-Za-z0-9.+-]{1,60});base64", re.IGNORECASE)


def declared_kind(media_type: str | None, filename: str | None) -> Kind | None:
    """What a file is said to be: by its media type, and where that says nothing by its name; None for no picture.

    >>> declared_kind("image/jpg", "x.png"), declared_kind(None, "a.HEIC"), declared_kind("image/gif", "a.png")
    ('image/jpeg', 'image/heic', None)
    """
    said = (media_type or "").partition(";")[0].strip().lower()
    if said in _SAYS_NOTHING:
        return _NAMED.get((filename or "").rpartition(".")[2].lower())
    return _ALSO.get(said) or next((kind for kind in KINDS if kind == said), None)


def real_kind(head: bytes) -> Kind | None:
    """What bytes are by how they begin; None for none of ours.

    >>> real_kind(bytes.fromhex("ffd8ffe0")), real_kind(b"GIF89a")
    ('image/jpeg', None)
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def kind_of_data_url(head: str) -> str | None:
    """The media type that a data URL names before its comma; None where it is no base64 one."""
    found = _DATA_URL.fullmatch(head)
    return found[1].lower() if found else None
