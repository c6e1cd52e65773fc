"""A check of ``doctor`` that fails itself hides nothing."""

from __future__ import annotations

from agentsecrets.cli.checks import ALL, trust
from agentsecrets.cli.checks.check import FAIL, WARN, Check, Finding, Scene
from agentsecrets.cli.commands.doctor import looked
from agentsecrets.cli.errand import Errand
from agentsecrets.errors import NoAccount

SCENE = Scene(Errand())


def test_a_fault_of_ours_is_told_by_its_kind_alone():
    def look(_: Scene) -> list[Finding]:
        raise KeyError("canary")

    [told] = looked(Check("broken", look), SCENE)
    assert (told.state, told.found) == (WARN, "this check itself failed (KeyError)")


def test_a_refusal_is_told_with_its_hint():
    def look(_: Scene) -> list[Finding]:
        raise NoAccount

    [told] = looked(Check("refused", look), SCENE)
    assert (told.state, told.mend) == (FAIL, NoAccount().hint)


def test_a_system_without_authorities_is_a_failure():
    [told] = looked(trust.CHECK, Scene(Errand(), examined={"authorities": 0}))
    assert (told.state, told.mend) == (FAIL, "install your system's package ca-certificates")
    assert looked(trust.CHECK, SCENE) == []


def test_no_two_checks_have_one_name():
    assert len({check.name for check in ALL}) == len(ALL)
