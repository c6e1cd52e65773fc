"""Two injections never write into the same place."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, SlotTaken
from agentsecrets.model.call import Call
from agentsecrets.proxy.rules.rule import Circumstances, Rule
from agentsecrets.proxy.styles import STYLES


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:  # noqa: ARG001  (the signature of all rules)
    if len(call.injections) < 2:  # noqa: PLR2004  (it takes two)
        return None
    places = [STYLES[injection.style].place(injection.slot) for injection in call.injections]
    bodies = {STYLES[injection.style].body for injection in call.injections} - {""}
    if len(bodies) > 1:
        return SlotTaken(slot="the body, as JSON and as a form")
    twice = next((place for place in places if places.count(place) > 1), None)
    return SlotTaken(slot=twice) if twice is not None else None


RULE = Rule("slot_taken", _check)
