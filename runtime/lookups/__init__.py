"""Catalogues of products that are asked for a code, one file each."""

from collections.abc import Mapping

from onboarding.lookups import Provider
from runtime.lookups.asking import Catalogue
from runtime.lookups.barcode_lookup import BarcodeLookup
from runtime.lookups.open_food_facts import OpenFoodFacts
from runtime.lookups.upcitemdb import UpcItemDb
from runtime.settings import Settings


def catalogues(settings: Settings) -> Mapping[Provider, Catalogue]:
    """Those that the settings let be asked, in the order in which they are."""
    every: list[Catalogue] = [UpcItemDb(settings)]
    if settings.open_food_facts_contact:
        every.insert(0, OpenFoodFacts(settings))
    if settings.barcode_lookup_api_key:
        every.insert(0, BarcodeLookup(settings))
    return {each.name: each for each in every}
