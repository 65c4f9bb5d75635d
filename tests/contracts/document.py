"""The OpenAPI document of this code. Making it takes a second, and four files of tests ask while they are read."""

from functools import cache

from api.export import export_openapi


@cache
def exported() -> bytes:
    """As it would be committed."""
    return export_openapi()
