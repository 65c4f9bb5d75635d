"""Key-encryption keys in a file."""

import os
import stat
import uuid
from pathlib import Path

import msgspec
import pytest

from runtime.encryption import CannotOpen, WeakKey
from runtime.key_file import KeyFile
from runtime.wrapping import KeysUnavailable, Wrapped
from tests.runtime.key_files import write_key_file

KEY = os.urandom(32)
ROW = str(uuid.uuid4())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "keys.json")


async def test_wrapped_for_one_row(path: Path) -> None:
    """A data key comes back for its own row, for no other, and not when a bit of it changed."""
    file = KeyFile(path)
    wrapped = await file.wrap(KEY, ROW)
    assert wrapped.key_id == "local:first" == await file.current()
    assert KEY not in wrapped.data
    assert await file.unwrap(wrapped, ROW) == KEY
    with pytest.raises(CannotOpen):
        await file.unwrap(wrapped, str(uuid.uuid4()))
    for at in range(len(wrapped.data)):
        damaged = bytearray(wrapped.data)
        damaged[at] ^= 1
        with pytest.raises(CannotOpen):
            await file.unwrap(Wrapped(wrapped.key_id, bytes(damaged)), ROW)
    for cut in (0, 5, len(wrapped.data) - 1):
        with pytest.raises(CannotOpen):
            await file.unwrap(Wrapped(wrapped.key_id, wrapped.data[:cut]), ROW)


async def test_a_key_that_the_file_lacks(path: Path) -> None:
    """It is named, and may come with the next version of the file: trying again may help."""
    with pytest.raises(KeysUnavailable, match="'gone'"):
        await KeyFile(path).unwrap(Wrapped("local:gone", b"x" * 60), ROW)


async def test_another_process_follows(path: Path) -> None:
    """A new key that one process makes is current in the other at once, and both unwrap what each wrapped."""
    one, other = KeyFile(path), KeyFile(path)
    before = await other.wrap(KEY, ROW)
    one.mint()
    assert not other.is_current(before.key_id)
    after = await other.wrap(KEY, ROW)
    assert after.key_id == await one.current() != before.key_id
    for file in (one, other, KeyFile(path)):
        assert await file.unwrap(before, ROW) == await file.unwrap(after, ROW) == KEY


def test_a_minted_file_is_private_and_whole(path: Path) -> None:
    """The new file is for its owner only, has the old keys unchanged, and leaves no draft behind."""
    path.chmod(0o644)
    before = msgspec.json.decode(path.read_bytes())
    KeyFile(path).mint()
    after = msgspec.json.decode(path.read_bytes())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert after["keys"].items() > before["keys"].items()
    assert after["current"] not in before["keys"]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """Where the setting names a link, the file that it leads to is replaced."""
    link = tmp_path / "link.json"
    link.symlink_to(path)
    KeyFile(link).mint()
    assert link.is_symlink()
    assert len(msgspec.json.decode(path.read_bytes())["keys"]) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays(path: Path) -> None:
    """Root replaces a file of the service's user by one that this user can read."""
    os.chown(path, 12345, 12345)
    KeyFile(path).mint()
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)


@pytest.mark.parametrize(
    "content", ["", "{", '{"current": "a", "keys": {"a": "c2hvcnQ="}}', '{"current": "a", "keys": {"a": "ключ"}}']
)
async def test_a_file_that_breaks_while_it_is_used(path: Path, content: str) -> None:
    """The keys before go on, nothing is minted into it, and a good file is followed again."""
    file = KeyFile(path)
    wrapped = await file.wrap(KEY, ROW)
    good = written(path, content)
    assert await file.unwrap(wrapped, ROW) == KEY
    with pytest.raises(WeakKey):
        file.mint()
    assert written(path, None) == content
    assert await file.unwrap(wrapped, ROW) == KEY
    written(path, good.replace("first", "second"))
    assert await file.current() == "local:second"


def written(path: Path, content: str | None) -> str:
    """Write a file, or take it away; gives what was in it."""
    before = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)
    return before


def test_a_weak_file_is_refused(path: Path) -> None:
    """At start-up, and none at all too."""
    path.write_text('{"current": "a", "keys": {"a": "c2hvcnQ="}}')
    with pytest.raises(WeakKey):
        KeyFile(path)
    with pytest.raises(WeakKey):
        KeyFile(path.parent / "none.json")
