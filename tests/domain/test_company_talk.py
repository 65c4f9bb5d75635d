"""A company is described by talking, without a model, in English and Spanish."""

from typing import Any

import msgspec
import pytest

from onboarding.flows.company import COMPANY
from onboarding.reading import examine, read
from onboarding.scripted import Draft, Heard, confirm, going_back, hear, opener, question
from onboarding.scripted.fields import fields_of
from tests.domain.company_phrasings import BEFORE, ROWS

SENTENCES = {
    "en": [
        "I'm the founder, and I've been working with OKRs for years",
        "We're called Blue Bottle and do software development, 35 people",
        "12 of us, flat, OKRs, remote, Slack and GitHub. Departments: Engineering with Backend under it, Sales",
    ],
    "es": [
        "soy la fundadora y llevo años trabajando con OKR",
        "Nos llamamos Botella Azul, desarrollo de software, 35 personas",
        "somos 12, plana, OKR, a distancia, Slack. Departamentos: Ingeniería, con Backend debajo, y Ventas",
    ],
}
ONE_BY_ONE = {
    "en": {
        "role": "something else",
        "custom_role": "they call me Chief of Staff",
        "experience_level": "a bit",
        "name": "it's called The Big Apple & Sons",
        "industry": "we're a law firm",
        "size": "we are 35 people",
        "team_size": "about a dozen",
        "structure": "no bosses",
        "methodology": "in our own way",
        "collaboration_style": "three days in the office, two at home",
        "integrations": "skip",
        "departments": "we don't have any yet",
    },
    "es": {
        "role": "otra cosa",
        "custom_role": "me llaman Jefa de Gabinete",
        "experience_level": "un poco",
        "name": "se llama La Gran Manzana e Hijos",
        "industry": "somos un despacho de abogados",
        "size": "somos 35 personas",
        "team_size": "una docena",
        "structure": "sin jefes",
        "methodology": "a nuestra manera",
        "collaboration_style": "mitad y mitad",
        "integrations": "saltar",
        "departments": "todavía no tenemos",
    },
}


def said(
    number: int, message: str, asked: str | None = None, locale: str = "en", data: Any = None, **draft: Any
) -> Heard:
    """What a message means in a state of the company flow."""
    state = COMPANY.find(number)
    assert state is not None
    return hear(COMPANY, state, message, Draft(state=state.key, data=data or {}, asked=asked, **draft), locale)


@pytest.mark.parametrize(
    ("number", "locale", "asked", "message", "added"), ROWS, ids=[f"{r[0]}-{r[2]}-{r[3][:60]}" for r in ROWS]
)
def test_it_is_understood(
    number: int, locale: str, asked: str | None, message: str, added: dict[str, Any]
) -> None:
    """A message gives the fields that it names, each as it is kept, and invents no other."""
    before = BEFORE.get((number, asked or ""), {})
    heard = said(number, message, asked, locale, before)
    assert heard.draft.data == {**before, **added}
    assert heard.errors == ()


def test_the_table_is_as_large_as_was_promised() -> None:
    """At least 50 phrasings, 20 of them Spanish, each there once."""
    assert len(ROWS) >= 50
    assert sum(row[1] == "es" for row in ROWS) >= 20
    assert len({(row[0], row[2], row[3]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("locale", ["en", "es"])
def test_three_sentences_finish_three_states(locale: str) -> None:
    """One natural sentence for each opener is enough, departments and what belongs to them included."""
    for state, message in zip(COMPANY.states, SENTENCES[locale], strict=True):
        heard = hear(COMPANY, state, message, None, locale)
        assert heard.complete, (message, heard)
        read(state.answer, heard.draft.data)
    assert [each.get("parent") for each in heard.draft.data["departments"]][::2] == [None, None]
    assert heard.draft.data["departments"][1]["parent"] == heard.draft.data["departments"][0]["name"]


@pytest.mark.parametrize("locale", ["en", "es"])
def test_one_field_at_a_time(locale: str) -> None:
    """Each question is answered on its own; tools and departments are asked for once, and may be left out."""
    asked: list[str] = []
    whole: dict[str, Any] = {}
    for state in COMPANY.states:
        draft: Draft | None = None
        for _ in range(10):
            _, _, open_one = question(state, draft, locale)
            assert open_one.asked is not None
            asked.append(open_one.asked)
            kept = msgspec.json.decode(msgspec.json.encode(open_one), type=Draft)
            heard = hear(COMPANY, state, ONE_BY_ONE[locale][open_one.asked], kept, locale)
            assert heard.intent == "answer", (open_one.asked, heard)
            draft = heard.draft
            if heard.complete:
                break
        assert draft is not None
        whole |= msgspec.to_builtins(read(state.answer, draft.data))
    assert asked == list(ONE_BY_ONE[locale])
    names = {
        "en": ("Chief of Staff", "The Big Apple & Sons"),
        "es": ("Jefa de Gabinete", "La Gran Manzana e Hijos"),
    }
    assert (whole["custom_role"], whole["name"]) == names[locale]
    assert (whole["industry"], whole["size"], whole["team_size"]) == ("legal_and_accounting", "small", 12)
    assert (whole["structure"], whole["methodology"], whole["collaboration_style"]) == ("flat", "custom", "hybrid")
    assert (whole["integrations"], whole["departments"]) == ([], [])


def test_an_unclear_industry_is_chosen_from_a_few() -> None:
    """What comes near is offered, by its name and with another one; each offer answers; else it is asked anew."""
    state = COMPANY.states[1]
    unsure = said(2, "software for hospitals and banks, and some farming", "industry", data={"name": "Acme"})
    assert "industry" not in unsure.draft.data
    text, replies, asked = question(state, unsure.draft, "en")
    assert text.startswith("Industry: do you mean ")
    assert 2 <= len(replies) <= 5
    for reply in replies:
        assert said(2, reply.value, asked.asked, data={"name": "Acme"}).draft.data["industry"]
    nothing = said(2, "lorem ipsum", "industry", data={"name": "Acme"})
    assert nothing.intent == "unclear"
    assert question(state, nothing.draft, "en")[0] == fields_of(state).all[1].said.ask["en"]


def test_a_name_is_no_other_answer() -> None:
    """Words of a name say nothing of size, industry or anything else."""
    for name in ("Big Bank Bakery", "Casa Grande", "Small World Software", "Slack & Sons", "Studio 54"):
        assert said(2, f"it's called {name}").draft.data == {"name": name}
        assert said(2, name, "name").draft.data == {"name": name}


def test_a_name_of_any_script() -> None:
    """Names are kept as they are written."""
    for name in ("株式会社ソニー", "Яндекс", "شركة النور", "Ñandú & Söhne", "L'Oréal", "दिल्ली मार्ट"):
        assert said(2, name, "name").draft.data == {"name": name}
        assert said(2, f"we are called {name}, 12 people").draft.data == {"name": name, "size": "small"}


@pytest.mark.parametrize(
    ("message", "departments"),
    [
        ("remove Sales", [{"name": "HR"}]),
        (
            "and Marketing under Sales",
            [{"name": "Sales"}, {"name": "HR"}, {"name": "Marketing", "parent": "Sales"}],
        ),
        ("HR is part of Sales", [{"name": "Sales"}, {"name": "HR", "parent": "Sales"}]),
    ],
)
def test_departments_are_changed(message: str, departments: list[dict[str, str]]) -> None:
    """What is said later of departments changes those that are there."""
    before = {"departments": [{"name": "Sales"}, {"name": "HR"}]}
    assert said(3, message, "departments", data=before).draft.data["departments"] == departments


def test_departments_make_no_tools() -> None:
    """Where departments are asked for, a department that sounds like a tool or a place is none."""
    heard = said(3, "Email Marketing, Back Office, Remote Support", "departments", data={"team_size": 3})
    assert heard.understood == ("departments",)
    assert [each["name"] for each in heard.draft.data["departments"]] == [
        "Email Marketing",
        "Back Office",
        "Remote Support",
    ]


def test_a_state_that_was_gone_back_to_is_changed_in_part() -> None:
    """Of an answer that is whole, what is said is changed and the rest stays; "keep it" leaves all as it is."""
    stored = {"name": "Acme", "industry": "other", "size": "small"}
    heard = said(2, "we are 80 now", data=stored, again=True)
    assert (heard.intent, heard.complete, heard.draft.data) == ("answer", True, {**stored, "size": "medium"})
    kept = said(2, "keep it as it is", data=stored, again=True)
    assert (kept.intent, kept.complete, kept.draft.data) == ("answer", True, stored)
    assert said(2, "keep it as it is", data=stored).intent == "unclear"


def test_any_state_is_gone_back_to_at_the_end() -> None:
    """When all are answered, the last one can be changed like the others."""
    assert going_back(COMPANY, "go back to my organization") == "organization"
    assert going_back(COMPANY, "quiero cambiar mi empresa") == "company"
    assert going_back(COMPANY, "go back") == "organization"
    assert going_back(COMPANY, "thank you") is None


@pytest.mark.parametrize("locale", ["en", "es"])
def test_what_is_said_back_has_no_keys_in_it(locale: str) -> None:
    """Every choice and industry is said in words of the language, not as it is stored."""
    for state in COMPANY.states:
        for field in fields_of(state).all:
            for value in field.values:
                whole = [value] if field.kind == "choices" else value
                assert "_" not in confirm(state, {field.path: whole}, locale)
    told = confirm(COMPANY.states[1], {"industry": "computer_programming"}, locale)
    assert "_" not in told
    assert opener(COMPANY.states[0], locale)[1]
    department = {"departments": [{"name": "Sales"}, {"name": "Shops", "parent": "Sales"}]}
    assert ("part of Sales" if locale == "en" else "parte de Sales") in confirm(
        COMPANY.states[2], department, locale
    )


@pytest.mark.parametrize("locale", ["en", "es", "fr"])
def test_every_offered_answer_is_understood(locale: str) -> None:
    """Each quick reply of each question, sent back, answers it."""
    for state in COMPANY.states:
        text, replies = opener(state, locale)
        draft = Draft(state=state.key)
        for field in fields_of(state).all:
            assert text
            for reply in replies:
                heard = hear(COMPANY, state, reply.value, draft, locale)
                assert heard.intent == "answer", reply
                assert heard.errors == ()
                assert draft.asked is None or draft.asked in heard.draft.data, reply
            known = {
                **draft.data,
                **({field.path: state.example[field.path]} if field.path in state.example else {}),
            }
            text, replies, draft = question(state, Draft(state=state.key, data=known), locale)


@pytest.mark.parametrize(
    "message",
    ["(", ">" * 900, "(" * 900, "with " * 300, "under it", "under " * 250, "A under B, " * 180, "x (y " * 300]
    + [
        "departments " * 150,
        "it's called " * 150,
        "35 people " * 180,
        "remove",
        "not " * 400,
        "and under it (, under",
    ],
)
def test_a_hostile_message_is_harmless(message: str) -> None:
    """Whatever is said, in whichever state and asked for whatever, nothing raises and the draft is valid."""
    for state in COMPANY.states:
        for asked in (None, *(field.path for field in fields_of(state).all)):
            heard = hear(COMPANY, state, message, Draft(state=state.key, asked=asked), "en")
            assert {e.code for e in examine(state.answer, heard.draft.data).errors} <= {"required"}
