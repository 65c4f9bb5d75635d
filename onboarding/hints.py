"""What somebody else knows of a person already: offered to them, and never taken for an answer.

>>> from onboarding.flows.company import COMPANY
>>> hints(COMPANY, {"name": "Acme", "size": "gigantic", "welcome": {"role": "ceo"}}, tenant_id="t", user_id="u")
{'welcome': {'role': 'ceo'}, 'company': {'name': 'Acme'}}
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from onboarding.flow import Flow, State
from onboarding.reading import examine

Hints = dict[str, dict[str, Any]]


def hints(flow: Flow, data: Mapping[str, Any], *, tenant_id: str, user_id: str) -> Hints:
    """What in the data fits a state, by state key: fields by their names, or objects by the keys of states.

    A field whose value is not valid, or is not the person's, is left out, and so is whatever no state asks for:
    whoever sends hints need not know what becomes of them.
    """
    found: Hints = {}
    for state in flow.states:
        given: object = data.get(state.key)
        named = cast(Mapping[str, Any], given) if isinstance(given, Mapping) else {}
        if valid := _valid(state, {**data, **named}, tenant_id, user_id):
            found[state.key] = valid
    return found


def _valid(state: State, data: Mapping[str, Any], tenant_id: str, user_id: str) -> dict[str, Any]:
    asked = {name: data[name] for name in state.answer.__struct_fields__ if data.get(name) is not None}
    examined = examine(state.answer, asked)
    errors = [*examined.errors, *state.not_owned(examined.answer, tenant_id, user_id)]
    failed = {re.split(r"[.\[]", error.field)[0] for error in errors}
    return {name: value for name, value in asked.items() if name not in failed}
