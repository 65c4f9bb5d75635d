"""The characters of a page, whatever it says of its bytes."""

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE
)
_LOOKED_AT = 4096
_KNOWN = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii", "windows-1252", "cp1252"), "cp1252"),
    **{f"iso-8859-{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"windows-125{part}": f"cp125{part}" for part in (0, 1, 3, 4, 5, 6, 7, 8)},
    "iso-8859-9": "cp1254",
    "latin2": "iso8859_2",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932"), "cp932"),
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-16": "utf-16-le",
}
"""Labels that pages use, by the names of the codecs. No others: Python also has codecs that are no charsets."""

_BYTES_THAT_PROVE_NOTHING = frozenset({"iso2022_jp", "utf-16-le", "utf-16-be"})
"""In these, any text may happen to be valid UTF-8."""


def decoded(page: bytes, charset: str | None) -> str:
    """The text of a page; never fails.

    What is valid UTF-8 beyond ASCII is UTF-8, whatever it claims: many a page is mislabelled so, and text of
    another charset hardly ever happens to be valid.

    Args:
        page: its bytes.
        charset: what the server said, if anything.

    >>> decoded("Müsli".encode(), "iso-8859-1"), decoded("Müsli".encode("cp1252"), "utf-8")
    ('Müsli', 'Müsli')
    """
    for mark, codec in _BOMS:
        if page.startswith(mark):
            return page[len(mark) :].decode(codec, "replace")
    codec = _codec(charset) or _declared(page)
    if codec not in _BYTES_THAT_PROVE_NOTHING:
        try:
            return page.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":  # the page was cut
                return page.decode("utf-8", "replace")
    return page.decode(codec if codec and codec != "utf-8" else _guess(page), "replace")


def _declared(page: bytes) -> str | None:
    match = _DECLARED.search(page[:_LOOKED_AT])
    codec = _codec(match[1].decode("ascii", "replace")) if match else None
    # Whoever could read this declaration byte by byte was not reading UTF-16.
    return None if codec in ("utf-16-le", "utf-16-be") else codec


def _codec(label: str | None) -> str | None:
    return _KNOWN.get((label or "").strip().strip("\"'").lower())


def _guess(page: bytes) -> str:
    """UTF-8 where most of what is beyond ASCII is valid, else what western pages without a word are in."""
    broken = page.decode("utf-8", "replace").count("\ufffd")
    return "utf-8" if broken * 20 < sum(byte > 127 for byte in page[:200_000]) else "cp1252"
