"""What is known of an industry, and the short form in which the divisions are written down."""

from collections.abc import Mapping

from msgspec import Struct

from onboarding.industries.metrics import METRICS
from onboarding.industries.sections import SECTIONS

LOCALES = ("en", "es")


class AiContext(Struct, frozen=True, kw_only=True):
    """What a model or a rule should know when it speaks with such a company, by language.

    `keywords` are topics of the trade, `metrics` the measures by which it is steered.
    """

    keywords: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, tuple[str, ...]]


class Industry(Struct, frozen=True, kw_only=True):
    """A division of ISIC Rev. 4.

    `key` is stable and what is stored; `code` has two digits and `section` is the letter above it. `name` is the
    official one, `synonyms` are what people say instead; both stand by language (en, es).
    """

    key: str
    code: str
    section: str
    name: Mapping[str, str]
    synonyms: Mapping[str, tuple[str, ...]]
    ai_context: AiContext

    @property
    def category(self) -> Mapping[str, str]:
        """The name of the section, by language."""
        return SECTIONS[self.section].name


class Told(Struct, frozen=True, kw_only=True):
    """An industry in one language."""

    name: str
    synonyms: tuple[str, ...]
    keywords: tuple[str, ...]


def told(name: str, *, said: str, about: str) -> Told:
    """An industry in one language; `said` (synonyms) and `about` (keywords) are separated by commas."""
    return Told(name=" ".join(name.split()), synonyms=_listed(said), keywords=_listed(about))


def division(code: str, key: str, en: Told, es: Told, *, metrics: str) -> Industry:
    """A division; `metrics` are keys of `METRICS`, separated by blanks."""
    languages = {"en": en, "es": es}
    measures = [METRICS[each] for each in metrics.split()]
    return Industry(
        key=key,
        code=code,
        # One section follows the other without a gap.
        section=max(section.code for section in SECTIONS.values() if section.first <= code),
        name={locale: words.name for locale, words in languages.items()},
        synonyms={locale: words.synonyms for locale, words in languages.items()},
        ai_context=AiContext(
            keywords={locale: words.keywords for locale, words in languages.items()},
            metrics={locale: tuple(each[locale] for each in measures) for locale in LOCALES},
        ),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split(",") if part.strip())
