"""Looks through a mailbox as they are asked for and shown."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from api.body import Body
from db.mail_jobs import Job, Status
from onboarding.mail_orders import IMPORT_DOMAINS_AT_MOST
from onboarding.mail_words import FREE_MAIL
from onboarding.suppliers import Category, Supplier
from onboarding.urls import BadUrl, host
from runtime.domains import registrable

DOMAIN_CHARACTERS = 253


def _no_domain(domain: str) -> tuple[str, str] | None:
    try:
        ascii = host(domain)
    except BadUrl:
        return "bad_domain", "must be a domain"
    owned = registrable(ascii)
    if owned is None:
        return "bad_domain", "must be a domain that somebody registered"
    if owned != ascii:
        return "not_registrable", f"must be what its owner registered: {owned}"
    if ascii in FREE_MAIL:
        return "free_mail", "is where anybody has an address"
    return None


Domain = Annotated[
    str, Meta(min_length=1, max_length=DOMAIN_CHARACTERS, extra={"check": _no_domain, "verbatim": True})
]


class OrderImportIn(Body, frozen=True, kw_only=True):
    """Whose order mails are to be read: registrable domains such as `shop.co.uk`, 1 to 50, in any script."""

    domains: Annotated[list[Domain], Meta(min_length=1, max_length=IMPORT_DOMAINS_AT_MOST)]

    @property
    def ascii(self) -> list[str]:
        """The domains as addresses have them, each once."""
        return list(dict.fromkeys(host(domain) for domain in self.domains))


class MailJobBegun(Struct, frozen=True, kw_only=True):
    """A job that is under way; `Location` says where to look how it goes."""

    job_id: str


class SupplierOut(Struct, frozen=True, kw_only=True):
    """A domain that may be a supplier's.

    `messages` came from there, `order_messages` with a subject as orders have, and from `newsletters` one can
    unsubscribe. `score` is from 0 to 1.
    """

    domain: str
    name: str | None
    category: Category
    score: float
    recommended: bool
    messages: int
    order_messages: int
    newsletters: int
    last_seen_at: datetime


class MailJobOut(Struct, frozen=True, kw_only=True):
    """Where a job stands: `messages` were seen; `code` says why it failed."""

    job_id: str
    status: Status
    code: str | None
    messages: int
    created_at: datetime
    ended_at: datetime | None


class DiscoveryOut(MailJobOut, frozen=True, kw_only=True):
    """A look for suppliers; they are there when it is completed, the likeliest first."""

    suppliers: list[SupplierOut]


class OrderImportOut(MailJobOut, frozen=True, kw_only=True):
    """An import: `orders` are new, `failed` messages could not be read."""

    domains: list[str]
    orders: int
    failed: int


def discovery_out(job: Job) -> DiscoveryOut:
    """A discovery as it is shown."""
    return DiscoveryOut(**_common(job), suppliers=[_supplier_out(each) for each in job.found])


def import_out(job: Job) -> OrderImportOut:
    """An import as it is shown."""
    return OrderImportOut(**_common(job), domains=job.domains, orders=job.orders, failed=job.failed)


def _common(job: Job) -> dict[str, Any]:
    return {"job_id": job.id, **{name: getattr(job, name) for name in MailJobOut.__struct_fields__[1:]}}


def _supplier_out(supplier: Supplier) -> SupplierOut:
    return SupplierOut(**asdict(supplier))
