"""A PDF with lines of text: as small as one can be that is whole."""

from collections.abc import Sequence

Cell = tuple[int, str]
"""Where it begins, in points from the left, and what it says."""


def pdf(pages: Sequence[Sequence[Sequence[Cell]]]) -> bytes:
    """A PDF of pages of lines of cells, in Helvetica and Windows' western characters."""
    streams = [_stream(lines) for lines in pages]
    count = len(streams)
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for place, stream in enumerate(streams):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * place} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream")
    return assembled(objects)


def assembled(objects: Sequence[bytes]) -> bytes:
    """A file of these objects, numbered from 1; the first is the catalog."""
    body, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    table += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + table + trailer.encode()


def _stream(lines: Sequence[Sequence[Cell]]) -> bytes:
    parts = list[str]()
    for place, line in enumerate(lines):
        for x, text in line:
            shown = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            parts.append(f"BT /F1 10 Tf {x} {800 - 16 * place} Td ({shown}) Tj ET")
    return "\n".join(parts).encode("cp1252")
