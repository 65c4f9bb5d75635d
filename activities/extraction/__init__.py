"""Products out of the pages of shops."""

from activities.extraction.extracting import extract, page_text

__all__ = ["extract", "page_text"]
