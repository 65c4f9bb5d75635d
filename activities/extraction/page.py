"""A page, parsed once, and what it says of itself as a whole."""

from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode

from activities.extraction.bounding import bounded
from activities.extraction.charsets import decoded
from activities.extraction.texts import link, plain, same_host
from onboarding.currencies import Locale, code_of, locale_of
from onboarding.items import NAME_CHARACTERS

_CURRENCY = (
    'meta[property="product:price:currency"], meta[property="og:price:currency"], meta[itemprop="priceCurrency"]'
)


class Page:
    """What is on a page.

    Attributes:
        url: where it was found.
        base: what addresses on it are relative to.
        root: the tree.
        locale: where the shop is.
    """

    def __init__(self, html: bytes, url: str, charset: str | None) -> None:
        self.url = url
        self.root: LexborNode = _root(bounded(decoded(html, charset)))
        self.base = self._attribute("base[href]", "href", url) or url
        self.locale: Locale = locale_of(url, self._language())

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """What meta tags say, by the property or name in lower case; wherever they stand, for a broken head ends
        early."""
        found: dict[str, list[str]] = {}
        for node in self.root.css("meta[content]"):
            name = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
            value = node.attributes.get("content")
            if name and value and len(found.setdefault(name, [])) < 10:
                found[name].append(value)
        return found

    def meta(self, *names: str) -> str | None:
        """The first of these that is there."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The headings of the first order."""
        texts = (plain(node.text(separator=" "), NAME_CHARACTERS) for node in self.root.css("h1")[:5])
        return tuple(text for text in texts if text)

    @cached_property
    def title(self) -> str | None:
        """What a tab would show."""
        node = self.root.css_first("title")
        return plain(node.text(), NAME_CHARACTERS) if node else None

    @cached_property
    def address(self) -> str:
        """The canonical address, where it is one of this shop and of more than its front page; else the page's."""
        for given in (self._attribute('link[rel="canonical" i]', "href", self.base), self.meta("og:url")):
            whole = link(given, self.base)
            if whole and same_host(whole, self.url) and whole.split("://", 1)[1].rstrip("/").count("/"):
                return whole
        return self.url

    @cached_property
    def currency(self) -> str | None:
        """What the page states for machines."""
        node = self.root.css_first(_CURRENCY)
        return code_of(node.attributes.get("content"), self.locale) if node else None

    def _language(self) -> str:
        node = self.root.css_first("html")
        attributes = node.attributes if node else {}
        own = attributes.get("lang") or attributes.get("xml:lang") or ""
        spoken = self.meta("og:locale") or ""
        return spoken if spoken.lower().startswith(own[:2].lower()) and len(spoken) > len(own) else own

    def _attribute(self, selector: str, name: str, base: str) -> str | None:
        node = self.root.css_first(selector)
        return link(node.attributes.get(name), base) if node else None


def _root(html: str) -> LexborNode:
    root = LexborHTMLParser(html or "<html></html>").root
    assert root is not None
    return root
