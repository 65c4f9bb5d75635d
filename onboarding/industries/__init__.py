"""The industries that a company may be in: the divisions of ISIC Rev. 4, with what people call them.

`INDUSTRIES` is read once and never changes; `match` reads a description, `hear_industry` an answer in a chat.
"""

from onboarding.industries.catalogue import INDUSTRIES, OTHER, known
from onboarding.industries.entries import LOCALES, AiContext, Industry
from onboarding.industries.matching import guess_industry, hear_industry, match
from onboarding.industries.sections import SECTIONS, Section, section_called

__all__ = [
    "INDUSTRIES",
    "LOCALES",
    "OTHER",
    "SECTIONS",
    "AiContext",
    "Industry",
    "Section",
    "guess_industry",
    "hear_industry",
    "known",
    "match",
    "section_called",
]
