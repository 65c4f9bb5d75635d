"""Profiles and their versions."""

import asyncio

import pytest

from db import profiles, runs
from db.pool import Database
from tests.db.given import Person, completed


@pytest.fixture
async def profile(database: Database, person: Person) -> profiles.Profile:
    """The profile that a completed run has become."""
    await runs.project(database, person.caller(), *completed(person))
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
    assert profile is not None
    return profile


async def test_save_makes_a_version(database: Database, person: Person, profile: profiles.Profile) -> None:
    """An edit is the next version; the one before stays readable, with who made which."""
    answers = {**profile.answers, "fitness_level": {"fitness_level": "advanced"}}
    async with database.transaction(person.caller()) as conn:
        saved = await profiles.save(conn, profile, answers, 1, changed_by=person.user_id)
        assert await profiles.get(conn, person.user_id, "fitness") == saved
        versions = await profiles.versions(conn, profile.id)
    assert (saved.version, saved.answers, saved.run_id) == (2, answers, profile.run_id)
    assert [(v.version, v.answers) for v in versions] == [(2, answers), (1, profile.answers)]
    assert {v.changed_by for v in versions} == {person.user_id}


async def test_one_of_twenty_edits_wins(database: Database, person: Person, profile: profiles.Profile) -> None:
    """Of twenty edits of one version, one is the next and the others are conflicts."""

    async def edit(number: int) -> profiles.Profile:
        async with database.transaction(person.caller()) as conn:
            return await profiles.save(conn, profile, {"n": {"n": number}}, changed_by=person.user_id)

    done = await asyncio.gather(*(edit(n) for n in range(20)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Profile"] + ["ProfileConflict"] * 19


async def test_versions_in_pages(database: Database, person: Person, profile: profiles.Profile) -> None:
    """Versions come newest first, page by page."""
    async with database.transaction(person.caller()) as conn:
        for number in range(4):
            profile = await profiles.save(conn, profile, {"n": {"n": number}}, changed_by=person.user_id)
        first = await profiles.versions(conn, profile.id, limit=3)
        rest = await profiles.versions(conn, profile.id, before=first[-1].version, limit=3)
    assert [v.version for v in first + rest] == [5, 4, 3, 2, 1]


async def test_projecting_again_keeps_edits(database: Database, person: Person) -> None:
    """The run, projected once more, does not undo what its person edited since."""
    changes = completed(person)
    await runs.project(database, person.caller(), *changes)
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
        assert profile is not None
        saved = await profiles.save(conn, profile, {"n": {"n": 1}}, changed_by=person.user_id)
    await runs.project(database, person.caller(), *changes)
    async with database.transaction(person.caller()) as conn:
        assert await profiles.get(conn, person.user_id, "fitness") == saved
