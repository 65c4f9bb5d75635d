"""The whole of both flows by talking, over HTTP: by rules and by a model, in English and Spanish."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from cli.stub_ai.models import decide
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.api.models import Talking, talking
from tests.api.talk import CHAT, say
from tests.api.wizard import WIZARD
from tests.stack import EXAMPLES, RUNS, Json, Person, ok, sign_up

SENTENCES: dict[tuple[str, str], list[str]] = {
    ("fitness", "en"): [
        "I'd say I'm an intermediate",
        "mainly build muscle, but lose some fat too",
        "I've got dumbbells and a bench, no injuries, no limitations",
        "vegetarian, allergic to peanuts, no intolerances, nothing I dislike",
        "about 2400 kcal with 30% protein and 45% carbs",
        "breakfast at 7:30am, lunch at half past twelve and dinner at 7pm",
        "Mondays, Wednesdays and Fridays at 6 in the evening",
        "2.5 litres, remind me every hour and a half",
        "sure, I already take creatine",
    ],
    ("fitness", "es"): [
        "diría que intermedio",
        "sobre todo ganar músculo, y también perder algo de grasa",
        "tengo mancuernas y un banco, ninguna lesión, sin limitaciones",
        "vegetariana, alérgica a los cacahuetes, sin intolerancias, nada que no me guste",
        "unas 2.400 kcal con 30 % de proteína y 45 % de hidratos",
        "desayuno a las 7:30, comida a las 12 y media y cena a las 7 de la tarde",
        "lunes, miércoles y viernes a las 6 de la tarde",
        "2,5 litros, cada hora y media",
        "sí, ya tomo creatina",
    ],
    ("company", "en"): [
        "I'm the founder, and I've been working with OKRs for years",
        "We're called Blue Bottle & Sons and do software development, 35 people",
        "12 of us, flat, OKRs, remote, Slack and GitHub. Departments: Engineering with Backend under it, Sales",
    ],
    ("company", "es"): [
        "soy la fundadora y llevo años trabajando con OKR",
        "Nos llamamos Blue Bottle & Sons, desarrollo de software, 35 personas",
        "somos 12, plana, OKR, remoto, Slack y GitHub. Departamentos: Engineering, con Backend debajo, y Sales",
    ],
}
TIMES = ("07:30", "12:30", "19:00")
FITNESS: Json = {
    "fitness_level": {"fitness_level": "intermediate"},
    "fitness_goals": {"goals": [{"goal_type": "muscle_gain"}, {"goal_type": "fat_loss"}]},
    "meal_plan": {
        "daily_calorie_target": 2400,
        "protein_percentage": 30,
        "carbs_percentage": 45,
        "fats_percentage": 25,
    },
    "workout_schedule": {
        "workouts": [
            {"day_of_week": day, "scheduled_time": "18:00", "enable_notifications": True} for day in (0, 2, 4)
        ]
    },
    "hydration_schedule": {"daily_water_target_ml": 2500, "reminder_frequency_minutes": 90},
}
COMPANY: Json = {
    "welcome": {"role": "ceo", "experience_level": "advanced"},
    "company": {"name": "Blue Bottle & Sons", "industry": "computer_programming", "size": "small"},
    "organization": {
        "team_size": 12,
        "structure": "flat",
        "methodology": "okrs",
        "collaboration_style": "distributed",
        "integrations": ["slack", "github"],
        "departments": [{"name": "Engineering"}, {"name": "Backend", "parent": "Engineering"}, {"name": "Sales"}],
    },
}
"""What the sentences of each flow must come to, in either language; of `fitness` what no language has words in."""


@pytest.fixture(scope="module")
async def model(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Talking]:
    """Everything with a model that speaks the protocol, and understands what a person would."""
    async with talking(settings, temporal, keys, decide) as whole:
        yield whole


async def finished(person: Person, flow: str, locale: str, source: str) -> Json:
    """Say the sentences of a flow, each of which must finish a state; complete it; the answers."""
    sentences = SENTENCES[flow, locale]
    for number, message in enumerate(sentences, 1):
        answer = await say(person, message, flow=flow)
        assert (answer["source"], [saved["state"] for saved in answer["saved"]]) == (source, [number]), answer
        assert answer["new_state"] == (number + 1 if number < len(sentences) else None)
        assert answer["response"]
    if flow == "company":
        done = ok(await person.post(f"{WIZARD}/complete", {}))
        assert done["organization"]["name"] == COMPANY["company"]["name"]
    else:
        ok(await person.post(f"{RUNS}/complete"))
    return ok(await person.get(f"/api/v1/profile?flow={flow}"))["answers"]


def compare(flow: str, answers: Json) -> None:
    """The profile holds what was said."""
    if flow == "company":
        assert answers == COMPANY
        return
    assert {key: answers[key] for key in FITNESS} == FITNESS
    assert answers["dietary_preferences"]["diet_type"] == "vegetarian"
    assert tuple(meal["scheduled_time"] for meal in answers["meal_schedule"]["meals"]) == TIMES
    assert [len(answers["workout_constraints"][key]) for key in ("equipment", "injuries")] == [2, 0]
    assert answers["supplement_preferences"]["interested_in_supplements"]


@pytest.mark.parametrize(("flow", "locale"), list(SENTENCES))
async def test_by_rules(api: httpx.AsyncClient, flow: str, locale: str) -> None:
    """Without a key, one natural sentence for each state finishes the flow, and the profile has what they said."""
    person = await sign_up(api, locale=locale)
    compare(flow, await finished(person, flow, locale, "rules"))


@pytest.mark.parametrize(("flow", "locale"), list(SENTENCES))
async def test_by_a_model(model: Talking, flow: str, locale: str) -> None:
    """With a model the same sentences come to the same profile, by calls of its tools."""
    person = await sign_up(model.client, locale=locale)
    compare(flow, await finished(person, flow, locale, "model"))


async def test_form_and_chat_and_back(person: Person) -> None:
    """Forms and chat are two ways into one run: each goes on where the other left, and may change what it said."""
    await person.start()
    ok(await person.save(1, EXAMPLES[1]))
    assert (await say(person, "lose fat"))["saved"][0]["state"] == 2
    ok(await person.save(3, EXAMPLES[3]))
    asked = await say(person, "vegan, no allergies")
    assert (asked["new_state"], asked["saved"]) == (4, [])
    # A half answer in the chat is no answer: the form gives a whole one, and the chat goes on behind it.
    ok(await person.save(4, EXAMPLES[4]))
    plan = await say(person, "2000 kcal, 30/40/30")
    assert plan["saved"][0]["key"] == "meal_plan"
    back = await say(person, "go back to my meal plan")
    assert "2000" in back["response"]
    changed = await say(person, "make it 2200")
    (saved,) = changed["saved"]
    assert saved["answer"] == {**plan["saved"][0]["answer"], "daily_calorie_target": 2200}
    for number in (6, 7, 8):
        ok(await person.save(number, EXAMPLES[number]))
    skipped = await say(person, "skip this one please")
    assert (skipped["new_state"], skipped["progress"]["skipped_states"]) == (None, [9])
    again = await say(person, "I want to change my supplements")
    assert again["saved"] == []
    assert (await say(person, "yes, I take magnesium"))["progress"]["skipped_states"] == []
    ok(await person.save(8, {"daily_water_target_ml": 3000, "reminder_frequency_minutes": 60}))
    answers = ok(await person.post(f"{RUNS}/complete"))["answers"]
    assert answers["meal_plan"]["daily_calorie_target"] == 2200
    assert answers["hydration_schedule"]["daily_water_target_ml"] == 3000
    assert answers["supplement_preferences"]["current_supplements"] == ["magnesium"]


async def test_a_company_one_field_at_a_time(person: Person) -> None:
    """Short answers finish the wizard; an unclear industry is chosen from a few, and nothing is asked twice."""
    said: list[tuple[str, str]] = [
        ("chief of staff", "role"),
        ("something else", "call your role"),
        ("Chief of Staff", "goals"),
        ("I'm new to it", "company called"),
        ("It's called Ñandú & Co", "industry"),
        ("software for hospitals and banks, and some farming", "do you mean"),
        ("law firm", "How many people"),
        ("35", "How big is your team"),
        ("8", "organized"),
        ("flat", "goals"),
        ("neither", "work together"),
        ("everyone from home", "tools"),
        ("none", "departments"),
        ("Sales, Support is part of Sales", "That was everything"),
    ]
    for message, asked in said:
        answer = await say(person, message, flow="company")
        assert asked in answer["response"], (message, answer["response"])
        opener = ok(await person.get(f"{CHAT}/", params={"flow": "company"}))
        assert asked in opener["response"] or asked == "do you mean", (message, opener["response"])
    done: Any = ok(await person.post(f"{WIZARD}/complete", {}))
    assert done["session"]["stepData"]["welcome"] == {
        "role": "custom",
        "customRole": "Chief of Staff",
        "experienceLevel": "beginner",
    }
    assert [each["name"] for each in done["organization"]["departments"]] == ["Sales", "Support"]


async def test_an_opener_in_the_midst(person: Person) -> None:
    """Who comes back to a half answer is asked for the rest of it, in the company flow like in any other."""
    first = ok(await person.get(f"{CHAT}/", params={"flow": "company"}))
    assert first["agent_type"] == "company_guide"
    assert (first["current_state"], first["progress"]) == (1, None)
    assert {reply["value"] for reply in first["quick_replies"]} >= {"manager", "team lead"}
    await say(person, "I'm a manager", flow="company")
    opener = ok(await person.get(f"{CHAT}/", params={"flow": "company"}))
    assert "manager" in opener["response"]
    assert {reply["value"] for reply in opener["quick_replies"]} == {"beginner", "intermediate", "advanced"}
    await say(person, "advanced", flow="company")
    await say(person, "go back to the welcome", flow="company")
    opener = ok(await person.get(f"{CHAT}/", params={"flow": "company"}))
    assert "manager" in opener["response"]
    assert opener["current_state"] == 2
