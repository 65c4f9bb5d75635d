"""What support staff read of a run in the Temporal UI: a table of states, never an answer."""

from onboarding.payloads import RunView

_MARKS = {"completed": "✅", "skipped": "⏭️", "needs_review": "⚠️", "open": "…"}


def details(view: RunView) -> str:
    """The run as markdown."""
    rows = [f"| {s.number} | {s.title} | {_MARKS[s.status]} {s.status.replace('_', ' ')} |" for s in view.states]
    facts = [
        f"**{view.flow}** is **{view.status.value}**, version {view.version}.",
        f"Current state: {view.current_state or 'none, all answered'}.",
    ]
    if view.expires_at and view.status == "in_progress":
        facts.append(f"Expires {view.expires_at:%Y-%m-%d %H:%M} UTC.")
    if view.next_reminder_at:
        facts.append(f"Next reminder {view.next_reminder_at:%Y-%m-%d %H:%M} UTC.")
    if view.forked_from:
        facts.append(f"Forked from run `{view.forked_from}`.")
    facts.extend(f"Refused signal at {r.at:%Y-%m-%d %H:%M}: `{r.code}`." for r in view.refusals)
    return "\n".join([" ".join(facts), "", "| # | State | Status |", "|---|---|---|", *rows])
