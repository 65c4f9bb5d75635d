"""Suggestions by rules: there are always some, and they are marked as such by whoever shows them."""

from onboarding.suggesting.facts import Facts
from onboarding.suggesting.industry import suggest_industry
from onboarding.suggesting.insights import suggest_insights
from onboarding.suggesting.next_steps import suggest_next_steps
from onboarding.suggesting.okrs import suggest_okrs
from onboarding.suggesting.shapes import Kind, Suggestions
from onboarding.suggesting.team_structure import suggest_team_structure


def by_rules(kind: Kind, facts: Facts) -> Suggestions:
    """What the rules suggest of one kind."""
    match kind:
        case "industry":
            suggested, alternatives = suggest_industry(facts)
            return Suggestions(suggested_industry=suggested, alternatives=alternatives)
        case "okrs":
            return Suggestions(suggested_okrs=suggest_okrs(facts))
        case "team_structure":
            return Suggestions(team_structure_advice=suggest_team_structure(facts))
        case "next_steps":
            return Suggestions(next_steps=suggest_next_steps(facts))
        case "insights":
            return Suggestions(industry_insights=suggest_insights(facts))
