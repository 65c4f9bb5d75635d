"""The keys of the committed histories: for tests only, they protect nothing."""

import pytest

from cli.replay import CORPUS_KEYS
from runtime.encryption import KeyRing, load_key_ring


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """What the committed histories are sealed with."""
    return load_key_ring(CORPUS_KEYS)
