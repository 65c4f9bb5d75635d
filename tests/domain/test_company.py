"""Each rule of the company wizard's table at, just inside and just past its bounds."""

import copy
import unicodedata
from typing import Any

import pytest

from onboarding.answers import plain
from onboarding.errors import InvalidAnswer, RunAbandoned
from onboarding.flow import State
from onboarding.flows import FLOWS
from onboarding.flows.company import COMPANY, DEPARTMENTS_AT_MOST
from onboarding.forms import form
from onboarding.payloads import Abandon, AbandonedReason, AcceptPrefilled, Run
from onboarding.profile import edit
from onboarding.reading import read
from tests.domain.given import PERSON, after, answered, errors, fresh, refused, save

TENANT = "00000000-0000-7000-8000-000000000002"
ME = "00000000-0000-7000-8000-000000000003"
SOMEBODY = "00000000-0000-7000-8000-00000000000f"
KEY = f"tenants/{TENANT}/2026/03/01890000-0000-7000-8000-000000000000.png"
MINE = f"tenants/{TENANT}/users/{ME}/2026/03/logo.webp"
EIGHT = ["slack", "teams", "email", "jira", "asana", "trello", "notion", "github"]

Case = tuple[str, dict[str, Any]]


def state_of(key: str) -> State:
    state = COMPANY.find(key)
    assert state is not None
    return state


def given(key: str, **changes: Any) -> dict[str, Any]:
    """The example of a state, with some fields changed."""
    return {**copy.deepcopy(dict(state_of(key).example)), **changes}


def each(step: str, field: str, *values: Any) -> list[Case]:
    return [(step, {field: value}) for value in values]


def departments(*names: str, **parents: str) -> dict[str, Any]:
    """Departments by name; some with a parent."""
    return {
        "departments": [{"name": name, **({"parent": parents[name]} if name in parents else {})} for name in names]
    }


VALID: list[Case] = [
    *each("welcome", "role", "ceo", "manager", "team_lead", "individual"),
    ("welcome", {"role": "custom", "custom_role": "Chief happiness officer"}),
    ("welcome", {"role": "ceo", "custom_role": None}),
    ("welcome", {"role": "ceo", "custom_role": "Founder"}),
    *each("welcome", "experience_level", "beginner", "intermediate", "advanced"),
    *each("company", "name", "AB", "x" * 100, "東京", "Müller & Söhne", "L'Oréal", "Ö3", "ООО «Ромашка»", "شركة"),
    *each("company", "name", "Barnes < Noble", "AT&T", "O’Neill", "C++ & Co."),
    *each("company", "industry", "other", "computer_programming"),
    *each("company", "size", "startup", "small", "medium", "large", "enterprise"),
    *each("company", "description", "", "x" * 500, "Two\nparagraphs.\r\n\tIndented.", None),
    *each("company", "logo", KEY, MINE, None),
    *each("company", "website", "http://example.org", "https://example.org:8443/a?b=c#d", "HTTPS://EXAMPLE.ORG"),
    *each(
        "company", "website", "https://bücher.example/über", "https://xn--bcher-kva.example", "http://localhost"
    ),
    *each("company", "website", "https://[2001:db8::1]:443/", "http://192.0.2.7", "https://example.org.", None),
    *each("company", "website", "https://a.example/" + "x" * (2000 - 18), " https://example.org "),
    *each("organization", "team_size", 1, 2, 9999, 10_000),
    *each("organization", "structure", "hierarchical", "flat", "matrix"),
    *each("organization", "methodology", "okrs", "kpis", "custom"),
    *each("organization", "collaboration_style", "centralized", "distributed", "hybrid"),
    *each("organization", "integrations", [], EIGHT, EIGHT[::-1], None),
    *each("organization", "departments", [], None),
    ("organization", departments(*(f"D{i}" for i in range(DEPARTMENTS_AT_MOST)))),
    ("organization", departments("A", "B", "C", B="A", C="B")),
    ("organization", departments("C", "B", "A", B="a ", C="b")),  # in any order, however it is written
    (
        "organization",
        {"departments": [{"name": "A", "description": "Makes things.\nSells them.", "parent": None}]},
    ),
]

NO_URLS = [
    "example.org",
    "ftp://example.org",
    "javascript:alert(1)",
    "https://",
    "https:///path",
    "https://user@example.org",
    "https://user:secret@example.org",
    "https://@example.org",
    "https://exa mple.org",
    "https://example.org/\u200b",
    "https://example.org\\@evil.example",
    "https://example.org:0",
    "https://example.org:65536",
    "https://example.org:http",
    "https://-example.org",
    "https://example..org",
    "https://[::1",
    "https://[example]",
    "https://" + "a" * 64 + ".org",
    "https://" + "a." * 150 + "org",
    "//example.org",
    "mailto:ann@example.org",
]

INVALID: list[tuple[str, dict[str, Any], str, str]] = [
    *[("welcome", {"role": v}, "role", "not_allowed") for v in ("CEO", "boss", "", 1, [])],
    ("welcome", {"role": None}, "role", "required"),
    ("welcome", {"role": "custom"}, "custom_role", "required"),
    ("welcome", {"role": "custom", "custom_role": None}, "custom_role", "required"),
    ("welcome", {"role": "custom", "custom_role": "  "}, "custom_role", "too_short"),
    ("welcome", {"role": "ceo", "custom_role": "x" * 201}, "custom_role", "too_long"),
    ("welcome", {"role": "custom", "custom_role": "<b>boss</b>"}, "custom_role", "markup"),
    ("welcome", {"experience_level": "guru"}, "experience_level", "not_allowed"),
    ("company", {"name": "A"}, "name", "too_short"),
    ("company", {"name": " A "}, "name", "too_short"),
    ("company", {"name": "x" * 101}, "name", "too_long"),
    ("company", {"name": "\u200b\u200b"}, "name", "too_short"),
    ("company", {"name": "A<script>B"}, "name", "markup"),
    ("company", {"name": "A\nB"}, "name", "control_character"),
    ("company", {"name": 42}, "name", "wrong_type"),
    *[
        ("company", {"industry": v}, "industry", "unknown_industry")
        for v in ("software", "Other", "x" * 64, "../a")
    ],
    ("company", {"industry": ""}, "industry", "too_short"),
    ("company", {"industry": "x" * 65}, "industry", "too_long"),
    ("company", {"industry": None}, "industry", "required"),
    *[("company", {"size": v}, "size", "not_allowed") for v in ("tiny", "11-50", 12)],
    ("company", {"description": "x" * 501}, "description", "too_long"),
    ("company", {"description": "a\x00b"}, "description", "control_character"),
    ("company", {"description": "<img src=x>"}, "description", "markup"),
    *[
        ("company", {"logo": v}, "logo", "bad_format")
        for v in (
            "",
            "logo.png",
            "https://example.org/logo.png",
            KEY.removesuffix(".png"),
            KEY.replace("2026", ".."),
            f"tenants/{TENANT}.png",
            KEY + "\n",
            f"/{KEY}",
            f"tenants/{TENANT.upper()}x/a.png",
            f"tenants/{TENANT}/{'a/' * 7}b.png",
            "x" * 301,
        )
    ],
    *[("company", {"website": url}, "website", "bad_url") for url in NO_URLS],
    ("company", {"website": "https://a.example/" + "x" * (2001 - 18)}, "website", "too_long"),
    ("company", {"website": ""}, "website", "too_short"),
    ("company", {"website": "https://example.org/<b>"}, "website", "markup"),
    *[("organization", {"team_size": v}, "team_size", "too_small") for v in (0, -1)],
    ("organization", {"team_size": 10_001}, "team_size", "too_large"),
    *[("organization", {"team_size": v}, "team_size", "wrong_type") for v in (12.0, "12", True)],
    ("organization", {"structure": "round"}, "structure", "not_allowed"),
    ("organization", {"methodology": "okr"}, "methodology", "not_allowed"),
    ("organization", {"collaboration_style": "remote"}, "collaboration_style", "not_allowed"),
    ("organization", {"integrations": ["fax"]}, "integrations[0]", "not_allowed"),
    ("organization", {"integrations": ["slack", "jira", "slack"]}, "integrations[2]", "duplicate"),
    ("organization", {"integrations": [*EIGHT, "slack"]}, "integrations", "too_long"),
    ("organization", {"integrations": "slack"}, "integrations", "wrong_type"),
    ("organization", departments("Sales", "SALES "), "departments[1].name", "duplicate"),
    ("organization", departments("Straße", "STRASSE"), "departments[1].name", "duplicate"),
    ("organization", departments(""), "departments[0].name", "too_short"),
    ("organization", departments("x" * 201), "departments[0].name", "too_long"),
    ("organization", {"departments": [{}]}, "departments[0].name", "required"),
    ("organization", {"departments": ["Sales"]}, "departments[0]", "wrong_type"),
    ("organization", {"departments": [{"name": "A", "head": "Ann"}]}, "departments[0].head", "unknown_field"),
    ("organization", departments("A", B="A", A="Nowhere"), "departments[0].parent", "unknown_department"),
    ("organization", departments("A", A="A"), "departments[0].parent", "cycle"),
    ("organization", departments("A", "B", B="b"), "departments[1].parent", "cycle"),
    (
        "organization",
        departments(*(f"D{i}" for i in range(DEPARTMENTS_AT_MOST + 1))),
        "departments",
        "too_long",
    ),
]


def test_the_flow_is_the_table() -> None:
    """Three states in the order of the contract, none of which can be skipped, each with a declared agent."""
    assert [(s.number, s.key) for s in COMPANY.states] == [(1, "welcome"), (2, "company"), (3, "organization")]
    assert not any(s.optional for s in COMPANY.states)
    assert {s.agent for s in COMPANY.states} == {agent.key for agent in COMPANY.agents}
    assert FLOWS.get("company") is COMPANY


def test_everything_is_said_in_both_languages() -> None:
    """Each state and agent has its texts in English and in Spanish, and they differ."""
    for state in COMPANY.states:
        english, spanish = plain(state.worded("en")), plain(state.worded("es"))  # type: ignore[arg-type]
        assert all(english.values())
        assert all(spanish[name] and spanish[name] != english[name] for name in english)
    for agent in COMPANY.agents:
        assert agent.task
        for texts in (agent.name, agent.greeting, agent.hand_over):
            assert texts["en"]
            assert texts["es"]
            assert texts["en"] != texts["es"]


def test_ways_to_say_a_choice() -> None:
    """Each way to say a value is of a value that there is, folded, and says one value of its field only."""
    seen = 0
    for state in COMPANY.states:
        for field, said, choices in _vocabulary(state):
            assert said.ask.keys() == said.label.keys() == {"en", "es"}, field
            assert set(said.words) <= choices, field
            ways = [way for words in said.words.values() for way in words]
            assert len(ways) == len(set(ways)), field
            for way in ways:
                folded = unicodedata.normalize("NFKD", way).encode("ascii", "ignore").decode().lower()
                assert way == folded.strip(), (field, way)
            seen += 1
    assert seen == 15


def _vocabulary(state: State) -> list[tuple[str, Any, set[str]]]:
    from msgspec import inspect

    info = inspect.type_info(state.answer)
    assert isinstance(info, inspect.StructType)
    nodes = {node.name: node for node in form(state)}
    found: list[tuple[str, Any, set[str]]] = []
    for field in info.fields:
        members = field.type.types if isinstance(field.type, inspect.UnionType) else [field.type]
        (said,) = [(m.extra or {})["said"] for m in members if isinstance(m, inspect.Metadata)]
        node = nodes[field.name]
        found.append((field.name, said, set(node.choices or (node.item and node.item.choices) or ())))
    return found


@pytest.mark.parametrize(("step", "change"), VALID)
def test_what_the_table_allows(step: str, change: dict[str, Any]) -> None:
    """Every value at or just inside a bound is taken, and is still taken as it is kept."""
    kept = plain(read(state_of(step).answer, given(step, **change)))
    assert plain(read(state_of(step).answer, kept)) == kept


@pytest.mark.parametrize(("step", "change", "field", "code"), INVALID)
def test_what_the_table_forbids(step: str, change: dict[str, Any], field: str, code: str) -> None:
    """Every value just past a bound or of a wrong type is refused, and only the field at fault is named."""
    error = refused(InvalidAnswer, lambda: read(state_of(step).answer, given(step, **change)))
    assert errors(error) == [(field, code)]


@pytest.mark.parametrize("state", COMPANY.states, ids=lambda s: s.key)
def test_no_state_takes_an_unknown_field_or_misses_a_required_one(state: State) -> None:
    """Each state takes its example, refuses a made-up field and names every required one that is not there."""
    read(state.answer, state.example)
    extra = refused(InvalidAnswer, lambda: read(state.answer, {**state.example, "surprise": 1}))
    assert errors(extra) == [("surprise", "unknown_field")]
    empty = refused(InvalidAnswer, lambda: read(state.answer, {}))
    assert {code for _, code in errors(empty)} == {"required"}


def test_all_that_is_wrong_with_departments_is_said_at_once() -> None:
    """Repeats, unknown parents and circles are named together, a circle at each department that is part of it."""
    data = departments("A", "B", "C", "D", "a", "E", "F", A="B", B="C", C="A", D="A", E="E", F="Nowhere")
    data["structure"] = "round"
    error = refused(InvalidAnswer, lambda: read(state_of("organization").answer, given("organization", **data)))
    assert errors(error) == [
        ("structure", "not_allowed"),
        ("departments[4].name", "duplicate"),
        ("departments[6].parent", "unknown_department"),
        ("departments[0].parent", "cycle"),
        ("departments[1].parent", "cycle"),
        ("departments[2].parent", "cycle"),
        ("departments[5].parent", "cycle"),
    ]


def test_a_parent_is_not_blamed_for_a_name_that_failed() -> None:
    """Where a name is not valid, a parent that may have meant it is not called unknown; a sure circle is told."""
    data = {
        "departments": [
            {"name": "<b>Sales</b>"},
            {"name": "North", "parent": "Sales"},
            {"name": "Loop", "parent": "Loop"},
        ]
    }
    error = refused(InvalidAnswer, lambda: read(state_of("organization").answer, given("organization", **data)))
    assert errors(error) == [("departments[0].name", "markup"), ("departments[2].parent", "cycle")]


def test_a_long_chain_of_departments_is_no_circle() -> None:
    """As many departments as there may be can stand in a chain; with the last above the first none is right."""
    names = [f"D{i}" for i in range(DEPARTMENTS_AT_MOST)]
    chain = dict(zip(names[1:], names, strict=False))
    read(state_of("organization").answer, given("organization", **departments(*names, **chain)))
    ring = {**chain, names[0]: names[-1]}
    error = refused(
        InvalidAnswer,
        lambda: read(state_of("organization").answer, given("organization", **departments(*names, **ring))),
    )
    assert {code for _, code in errors(error)} == {"cycle"}
    assert len(error.errors) == DEPARTMENTS_AT_MOST


def test_defaults_are_filled_in() -> None:
    """Who names no tools and no departments has none; what else was left out is not there."""
    run = answered(1, COMPANY)
    run = after(run, save((2, {"name": "Acme", "industry": "other", "size": "small"})))
    few = {
        name: value for name, value in given("organization").items() if name not in ("integrations", "departments")
    }
    run = after(run, save((3, few)))
    assert (run.answers["organization"]["integrations"], run.answers["organization"]["departments"]) == ([], [])
    assert run.answers["company"] == {"name": "Acme", "industry": "other", "size": "small"}


@pytest.mark.parametrize("logo", [KEY, MINE])
def test_an_own_logo(logo: str) -> None:
    """A picture of the tenant's, or of the person's own, becomes the logo."""
    run = after(answered(1, COMPANY), save((2, given("company", logo=logo))))
    assert run.answers["company"]["logo"] == logo


FOREIGN = [
    KEY.replace(TENANT, SOMEBODY),
    MINE.replace(ME, SOMEBODY),
    MINE.replace(TENANT, SOMEBODY),
    f"tenants/{TENANT}/users/logo.png",
]


@pytest.mark.parametrize("logo", FOREIGN)
def test_a_foreign_logo(logo: str) -> None:
    """A picture of another's is refused in a save, a batch and an edit, together with what else is wrong."""
    answer = given("company", logo=logo, size="tiny")
    run = answered(1, COMPANY)
    alone = refused(InvalidAnswer, lambda: after(run, save((2, answer))))
    assert errors(alone) == [("size", "not_allowed"), ("logo", "not_yours")]
    batch = refused(InvalidAnswer, lambda: after(run, save((2, answer), batch=True)))
    assert errors(batch) == [("steps[0].data.size", "not_allowed"), ("steps[0].data.logo", "not_yours")]
    answers = answered(3, COMPANY).answers
    edited = refused(
        InvalidAnswer, lambda: edit(COMPANY, answers, {"company": answer}, tenant_id=TENANT, user_id=ME)
    )
    assert errors(edited) == [("answers.company.size", "not_allowed"), ("answers.company.logo", "not_yours")]


def test_a_foreign_logo_is_not_taken_over() -> None:
    """What a run offers is taken over only where it names nothing that is another's."""

    def offering(logo: str) -> Run:
        run = fresh(COMPANY, prefill={"company": given("company", logo=logo)})
        return after(run, save((1, given("welcome"))), AcceptPrefilled(actor=PERSON))

    assert "company" not in offering(MINE.replace(ME, SOMEBODY)).answers
    assert offering(MINE).answers["company"]["logo"] == MINE


def test_a_command_for_another_run() -> None:
    """A command that names the run that it means is refused by any other, whatever it asks for."""
    run = answered(1, COMPANY)
    step = save((2, given("company")), run_id=run.id)
    assert "company" in after(run, step).answers
    for command in (
        save((2, given("company")), run_id=SOMEBODY),
        Abandon(actor=PERSON, reason=AbandonedReason.DELETED, run_id=SOMEBODY),
    ):
        refused(RunAbandoned, lambda command=command: after(run, command))
