"""Who sends an order's mail, as people call them."""

import re

_GENERIC = re.compile(
    r"(?:no-?_?reply|do-?not-?reply|info|orders?|sales|service|support|shop|store|mail|hello|contact|kontakt|"
    r"bestellung(?:en)?|"
    r"commandes?|pedidos|ordini|bestellingen|zamowienia|customer service|kundenservice|auto-?confirm|"
    r"notifications?)",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r" ?[|\u2013-] ?(?:orders?|shop|bestellungen|sales|kundenservice|customer (?:service|care))$|"
    r" (?:orders?|order confirmations?|customer (?:service|care)|kundenservice|bestellungen|commandes|pedidos|"
    r"via [\w ]{2,20})$",
    re.IGNORECASE,
)
_SECOND = frozenset(["co", "com", "org", "net", "gov", "ac", "edu"])
_NAME_CHARACTERS = 100


def supplier_of(name: str, address: str) -> str | None:
    """The name of a sender without what it does here; that of its domain where it gives none.

    >>> supplier_of("Pottery Lane Orders", "orders@pottery.example"), supplier_of("noreply", "x@mail.acme.co.uk")
    ('Pottery Lane', 'acme.co.uk')
    """
    bare = _AROUND.sub("", name.strip(" \"'")).strip()
    if bare and not _GENERIC.fullmatch(bare) and "@" not in bare:
        return bare[:_NAME_CHARACTERS]
    labels = [label for label in address.rpartition("@")[2].split(".") if label]
    if len(labels) < 2:
        return None
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND else 2
    return ".".join(labels[-keep:])[:_NAME_CHARACTERS]
