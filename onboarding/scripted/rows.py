"""Names and times in a row, paired as they come: "breakfast at 8, lunch at 1", "6pm on Mondays and Fridays"."""

from onboarding.scripted.clock import Clock
from onboarding.scripted.listening import Listening
from onboarding.scripted.naming import Named, broken


class Row:
    """Items that are named together, and the times that are said for them."""

    def __init__(self) -> None:
        self.names: list[Named] = []
        self.times: list[Clock] = []


def rows_of(on: Listening, names: list[Named], times: list[Clock], shared: bool) -> list[Row]:
    """Names with the times said for them; what came first in the message comes first in each row."""
    atoms = sorted([*names, *times], key=lambda atom: atom.start)
    rows = _by_clause(on, atoms, shared)
    if rows:
        return rows
    names_first = bool(atoms) and isinstance(atoms[0], Named)
    for atom in atoms:
        is_name = isinstance(atom, Named)
        turned = bool(rows) and bool(rows[-1].times if names_first else rows[-1].names)
        if not rows or (is_name == names_first and turned):
            rows.append(Row())
        if isinstance(atom, Named):
            rows[-1].names.append(atom)
        else:
            rows[-1].times.append(atom)
    if len(rows) > 1 and not rows[-1].names and not names_first:
        _lend_names(on, rows[-2], rows[-1])
    return rows


def _by_clause(on: Listening, atoms: list[Named | Clock], shared: bool) -> list[Row]:
    """A row for each clause, where each speaks for itself: "8am breakfast, lunch at 1". Else none."""
    rows: list[Row] = []
    end: int | None = None
    for atom in atoms:
        if end is None or broken(on, end, atom.start):
            rows.append(Row())
        if isinstance(atom, Named):
            rows[-1].names.append(atom)
        else:
            rows[-1].times.append(atom)
        end = atom.end
    whole = all(row.names and (row.times or not shared) for row in rows)
    return rows if whole and any(row.times for row in rows) else []


def _lend_names(on: Listening, row: Row, last: Row) -> None:
    """ "7am Monday to Friday, Saturday 10": the last time is of the names in its own clause."""
    own = [n for n in row.names if not broken(on, n.end, last.times[0].start)]
    if own and len(own) < len(row.names):
        row.names = [n for n in row.names if n not in own]
        last.names = own
