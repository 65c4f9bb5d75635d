"""Password hashing, apart from all else that the process does."""

import asyncio
import threading

from api.passwords import AT_ONCE, Passwords
from runtime.settings import Settings
from tests.stack import PASSWORD


async def test_the_right_password_only(settings: Settings) -> None:
    """The right password verifies; another does not, nor any where there is no hash or a damaged one."""
    passwords = Passwords(settings)
    encoded = await passwords.hash(PASSWORD)
    assert await passwords.verify(PASSWORD, encoded)
    assert not await passwords.verify("another password", encoded)
    assert not await passwords.verify("a password that nobody has", None)
    assert not await passwords.verify(PASSWORD, "damaged")
    passwords.close()


async def test_others_threads_hold_up_no_password(settings: Settings) -> None:
    """With every thread of the loop's own pool taken, passwords are still hashed; in a few threads at most."""
    done = threading.Event()
    others = [asyncio.create_task(asyncio.to_thread(done.wait)) for _ in range(64)]
    passwords = Passwords(settings)
    try:
        await asyncio.sleep(0)  # each task has asked for its thread now
        before = {each for each in threading.enumerate() if each.name.startswith("argon2")}
        await asyncio.wait_for(asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(10))), 60)
        now = {each for each in threading.enumerate() if each.name.startswith("argon2")}
        assert 1 <= len(now - before) <= AT_ONCE
    finally:
        done.set()
        await asyncio.gather(*others)
        passwords.close()
