"""The industries in the database: all there, found in spite of accents and slips, as the domain has them."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import industries, migrate, seeding
from db.migrations import m0012_industries
from db.pool import Database
from onboarding.access import Role
from onboarding.industries import INDUSTRIES, LOCALES, Industry
from onboarding.industries.words import fold
from tests.db.given import Person
from tests.db.test_migrations import empty_database


async def search(
    database: Database, q: str | None, category: str | None = None, locale: str = "en", **options: int
) -> list[Industry]:
    async with database.autocommit() as conn:
        return await industries.search(conn, q, category, locale, **options)


async def test_the_table_is_the_domain(database: Database) -> None:
    """Without a query all 88 are there in the order of their codes, word for word as the domain has them."""
    expected = list(INDUSTRIES.values())
    for q in (None, "", "  \t "):
        assert await search(database, q) == expected


async def test_a_section(database: Database) -> None:
    """A section holds its own divisions, with a query and without one."""
    assert [each.code for each in await search(database, None, "J")] == ["58", "59", "60", "61", "62", "63"]
    assert (await search(database, "software", "J"))[0].code == "62"
    assert await search(database, "software", "A") == []


FOUND = [
    *[("software", "J62"), ("SaaS", "J62"), ("app development", "J62"), ("mobile app", "J62"), ("IT", "J62")],
    *[("bakery", "C10"), ("restaurant", "I56"), ("bar", "I56"), ("cafe", "I56"), ("coffee shop", "I56")],
    *[("gym", "R93"), ("yoga studio", "R93"), ("dentist", "Q86"), ("dentists", "Q86"), ("hospital", "Q86")],
    *[("law firm", "M69"), ("lawyers", "M69"), ("accounting", "M69"), ("crypto", "K66"), ("bank", "K64")],
    *[
        ("insurance", "K65"),
        ("e-commerce", "G47"),
        ("ecommerce", "G47"),
        ("online store", "G47"),
        ("pharmacy", "G47"),
    ],
    *[("farm", "A01"), ("brewery", "C11"), ("video games", "J58"), ("hotel", "I55"), ("real estate", "L68")],
    *[("consulting", "M70"), ("architect", "M71"), ("marketing agency", "M73"), ("hair salon", "S96")],
    *[("plumber", "F43"), ("trucking", "H49"), ("logistics", "H52"), ("courier", "H53"), ("school", "P85")],
    *[
        ("charity", "S94"),
        ("city council", "O84"),
        ("solar power", "D35"),
        ("car repair", "G45"),
        ("museum", "R91"),
    ],
    *[("programación", "J62"), ("desarrollo de aplicaciones móviles", "J62"), ("panadería", "C10")],
    *[("cafetería", "I56"), ("restaurantes", "I56"), ("despacho de abogados", "M69"), ("tienda online", "G47")],
    *[("tienda de ropa", "G47"), ("farmacia", "G47"), ("gimnasio", "R93"), ("clínica dental", "Q86")],
    *[("bienes raíces", "L68"), ("inmobiliaria", "L68"), ("peluquería", "S96"), ("uñas", "S96"), ("ONG", "S94")],
    *[("taller mecánico", "G45"), ("constructora", "F41"), ("electricista", "F43"), ("cerveza artesanal", "C11")],
    *[("contabilidad", "M69"), ("publicidad", "M73"), ("seguros", "K65"), ("banco", "K64"), ("abarrotes", "G47")],
    *[("escuela de idiomas", "P85"), ("agencia de viajes", "N79"), ("veterinario", "M75"), ("granja", "A01")],
    *[
        ("reciclaje", "E38"),
        ("mensajería", "H53"),
        ("guardería", "Q88"),
        ("videojuegos", "J58"),
        ("mina de oro", "B07"),
    ],
    # Without accents, in capitals, decomposed, with signs.
    *[("educacion", "P85"), ("EDUCACIÓN", "P85"), ("educacio\u0301n", "P85"), ("clinica dental", "Q86")],
    *[
        ("peluqueria", "S96"),
        ("bienes raices", "L68"),
        ("panaderia", "C10"),
        ("Café!", "I56"),
        ("ingenieria", "M71"),
    ],
    # Slips of the pen.
    *[("sofware", "J62"), ("softwre", "J62"), ("restorant", "I56"), ("restaraunt", "I56"), ("resturante", "I56")],
    *[("hotle", "I55"), ("dentsta", "Q86"), ("lawer", "M69"), ("acounting", "M69"), ("insurence", "K65")],
    *[("pharmcy", "G47"), ("inmobilaria", "L68"), ("bakry", "C10"), ("tiende online", "G47"), ("abogdo", "M69")],
    *[("veterniario", "M75"), ("contruccion", "F41"), ("marketting", "M73"), ("consultancey", "M70")],
    # Not yet finished.
    *[("restau", "I56"), ("softw", "J62"), ("dent", "Q86"), ("panad", "C10"), ("insur", "K65"), ("gimn", "R93")],
    # Official names.
    *[("computer_programming", "J62"), ("62", "J62"), ("j62", "J62"), ("01", "A01"), ("Enseñanza", "P85")],
    *[("Telecommunications", "J61"), ("Fabricación de muebles", "C31"), ("Retail trade", "G47")],
]


@pytest.mark.parametrize(("q", "code"), FOUND)
@pytest.mark.parametrize("locale", LOCALES)
async def test_found_first(database: Database, q: str, code: str, locale: str) -> None:
    """What is looked for comes first in either language, whatever the accents, the case and small mistakes."""
    found = await search(database, q, locale=locale)
    assert f"{found[0].section}{found[0].code}" == code, [each.code for each in found]
    assert len(found) <= 12


def test_enough_was_looked_for() -> None:
    """The table of queries has a hundred, each once."""
    assert len(FOUND) == len({q for q, _ in FOUND}) >= 100


@pytest.mark.parametrize("locale", LOCALES)
async def test_every_name_comes_first(database: Database, locale: str) -> None:
    """Key, code, name and each synonym of each industry find it first."""
    async with database.autocommit() as conn:
        for industry in INDUSTRIES.values():
            for q in (industry.key, industry.code, industry.name[locale], *industry.synonyms[locale]):
                found = await industries.search(conn, q, None, locale, 1)
                assert [each.key for each in found] == [industry.key], q


@pytest.mark.parametrize(
    "q", ["asdfghjk", "zzz", "!!!", "%", "_", "\\", "' OR '1'='1", "для", "中文", "the of and"]
)
async def test_nothing_found(database: Database, q: str) -> None:
    """Gibberish, signs, other scripts and words that say nothing find nothing, and mean nothing to SQL."""
    assert await search(database, q) == []


async def test_a_whole_section_by_its_name(database: Database) -> None:
    """The name of a section finds its divisions."""
    found = await search(database, "manufacturing")
    assert {each.section for each in found[:20]} == {"C"}


async def test_the_language_breaks_ties(database: Database) -> None:
    """A word with a meaning in each language is read in the one that is spoken."""
    both = {locale: await search(database, "band", locale=locale) for locale in LOCALES}
    assert both["en"][0].key == "creative_arts"
    assert {each.key for each in both["en"]} == {each.key for each in both["es"]}


async def test_limit(database: Database) -> None:
    """No more are given than were asked for."""
    assert len(await search(database, "manufacturing", limit=3)) == 3
    assert len(await search(database, None, limit=3)) == 3


async def test_long_queries_are_bounded(database: Database, admin: asyncpg.Connection) -> None:
    """A hundred letters of the commonest words are answered in a few milliseconds, though many words match."""
    q = "software servicio tienda online agencia industrial productos manufacture con re de es in ma pr co a b c"[
        :100
    ]
    assert await search(database, q)
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {industries._SEARCH}"
    plans = [await admin.fetchval(explain, q, None, "en", [], 100) for _ in range(5)]
    # The machine may have had something else to do meanwhile, but not each time.
    taken = [float(each) for plan in plans for each in re.findall(r'"Execution Time": ([0-9.]+)', plan)]
    assert len(taken) == 5
    assert min(taken) < 250


async def test_the_index_serves(admin: asyncpg.Connection) -> None:
    """A word is found through the trigram index, not by reading all of them."""
    plan = await admin.fetchval(f"EXPLAIN (FORMAT JSON) {industries._SEARCH}", "sofware", None, "en", [], 100)
    assert plan.count("industry_words_word") == 2
    assert not re.search(r'"Seq Scan",[^}]*"industry_words"', plan)


async def test_only_migrations_write(database: Database, person: Person) -> None:
    """Nobody changes them through the app, an admin neither; everybody reads them."""
    for table, column in (("industries", "key"), ("industry_words", "word")):
        changes = (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = 'x'", f"TRUNCATE {table}")
        for change in (*changes, f"INSERT INTO {table} SELECT * FROM {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(person.caller(Role.ADMIN)) as conn:
                    await conn.execute(change)
    async with database.transaction(person.caller()) as conn:
        assert len(await industries.search(conn, None, None, "es")) == 88


async def test_sql_folds_as_the_domain_does(admin: asyncpg.Connection) -> None:
    """All that is told of industries is folded alike in both places."""
    texts = [
        text for i in INDUSTRIES.values() for each in LOCALES for text in (i.name[each], *i.synonyms[each])
    ] + ["Ñandú & Söhne", "  a--b  ", "ÁÉÍÓÚ ü", "e\u0301cole"]
    rows = await admin.fetch(
        "SELECT folded(text) FROM unnest($1::text[]) WITH ORDINALITY AS t (text, at) ORDER BY at", texts
    )
    assert [row[0] for row in rows] == [fold(text) for text in texts]


@pytest.fixture
async def bare(stack: EmbeddedStack) -> AsyncIterator[dict[str, str]]:
    """A database as somebody else made it: without any extension."""
    async with empty_database(stack) as urls:
        admin = await asyncpg.connect(urls["gangway_admin"])
        await admin.execute("DROP EXTENSION pg_trgm; DROP EXTENSION unaccent; DROP EXTENSION citext")
        await admin.close()
        yield urls


EXTENSIONS = "SELECT extname FROM pg_extension WHERE extname IN ('pg_trgm', 'unaccent') ORDER BY 1"


async def back_to_before(urls: dict[str, str]) -> None:
    """Take back what came with it and after it."""
    ids = [each for each, _ in await migrate.status(urls["gangway_owner"])]
    await migrate.rollback(urls["gangway_owner"], len(ids) - ids.index(m0012_industries.ID))


async def test_the_owner_makes_the_extensions(bare: dict[str, str]) -> None:
    """Where nobody has made them, the migration does, without a superuser; back again they go."""
    await migrate.migrate(bare["gangway_owner"])
    owner = await asyncpg.connect(bare["gangway_owner"])
    try:
        assert [row[0] for row in await owner.fetch(EXTENSIONS)] == ["pg_trgm", "unaccent"]
        assert await owner.fetchval("SELECT count(*) FROM industries") == 88
        await back_to_before(bare)
        assert await owner.fetch(EXTENSIONS) == []
    finally:
        await owner.close()


async def test_an_extension_in_use_stays(bare: dict[str, str]) -> None:
    """Back again, an extension that something else depends on is left where it is."""
    await migrate.migrate(bare["gangway_owner"])
    owner = await asyncpg.connect(bare["gangway_owner"])
    try:
        await owner.execute("CREATE TABLE theirs (a text); CREATE INDEX ON theirs USING gin (a gin_trgm_ops)")
        await back_to_before(bare)
        assert [row[0] for row in await owner.fetch(EXTENSIONS)] == ["pg_trgm"]
    finally:
        await owner.close()


async def test_a_superusers_extensions_stay(stack: EmbeddedStack) -> None:
    """Back again, what a superuser made is not the migration's to drop."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        await back_to_before(urls)
        owner = await asyncpg.connect(urls["gangway_owner"])
        try:
            assert [row[0] for row in await owner.fetch(EXTENSIONS)] == ["pg_trgm", "unaccent"]
        finally:
            await owner.close()


async def test_seeding_again(stack: EmbeddedStack) -> None:
    """The script of a later migration brings rows of an earlier version to the domain's: new, changed and gone."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        owner = await asyncpg.connect(urls["gangway_owner"])
        try:
            words = await owner.fetch("SELECT * FROM industry_words ORDER BY industry, locale, word")
            rows = await owner.fetch("SELECT * FROM industries ORDER BY code")
            await owner.execute(
                """
                DELETE FROM industries WHERE key IN ('education', 'veterinary');
                UPDATE industries SET name = '{}', terms = '{}' WHERE key = 'insurance';
                INSERT INTO industries SELECT 'gone', '75', section, name, category, synonyms, ai_context, terms
                  FROM industries WHERE key = 'insurance';
                """
            )
            for _ in range(2):
                async with owner.transaction():
                    await owner.execute(seeding.industries())
                assert await owner.fetch("SELECT * FROM industries ORDER BY code") == rows
                found = await owner.fetch("SELECT * FROM industry_words ORDER BY industry, locale, word")
                assert found == words
        finally:
            await owner.close()


def test_the_newest_seeding_is_of_this_data() -> None:
    """Databases that have been migrated hold what the code knows."""
    seeded = [each.SEEDED for each in migrate._modules().values() if hasattr(each, "SEEDED")]
    assert seeded[-1] == seeding.fingerprint(), (
        "the industries have changed: add a migration that runs `seeding.industries()` again, with "
        f"SEEDED = {seeding.fingerprint()!r} (docs/industries.md)"
    )
