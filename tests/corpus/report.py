# ruff: noqa: T201
"""How well products are found on the pages of the corpus, by field: `python -m tests.corpus.report`."""

import time

from tests.corpus.pages import NAMES, SHOPS, counted, differences, found, saved


def table(names: list[str]) -> list[str]:
    """Lines of Markdown, one a field."""
    rows = ["| field | right | wrong | missed | precision | recall |", "|---|---|---|---|---|---|"]
    for field, counts in counted(names).items():
        shares = f"{counts.precision:.3f} | {counts.recall:.3f}"
        rows.append(f"| {field} | {counts.right} | {counts.wrong} | {counts.missed} | {shares} |")
    return rows


def main() -> None:
    """Print it."""
    held = [name for name in NAMES if saved(name).held_out]
    tuned = [name for name in NAMES if name not in held]
    began = time.perf_counter()
    for name in NAMES:
        found(name)
    each = (time.perf_counter() - began) / len(NAMES) * 1000
    size = sum((SHOPS / f"{name}.html").stat().st_size for name in NAMES) / len(NAMES) / 1024
    for title, names in (("Tuned on", tuned), ("Held out", held)):
        sold = sum(saved(name).expected is not None for name in names)
        print(f"\n{title}: {len(names)} pages, {sold} of products\n")
        print("\n".join(table(names)))
    print(f"\n{each:.1f} ms a page of {size:.0f} KB on average")
    for name in NAMES:
        for field, (value, wanted) in differences(name).items():
            print(f"{name}: {field}: found {value!r}, there is {wanted!r}")


if __name__ == "__main__":
    main()
