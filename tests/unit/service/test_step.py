"""Steps are taken in their order, once, and not at all in a dry run."""

from __future__ import annotations

import pytest

from agentsecrets.errors import SystemRefused
from agentsecrets.service.step import Step, take


def _step(name: str, taken: list[str]) -> Step:
    return Step(name, lambda: name in taken, lambda: taken.append(name))


def test_what_is_done_is_not_done_again() -> None:
    taken, said = ["b"], list[str]()
    assert take([_step(name, taken) for name in "abc"], said.append, dry_run=False) == ["a", "c"]
    assert (taken, said) == (["b", "a", "c"], ["a", "c"])
    assert take([_step(name, taken) for name in "abc"], said.append, dry_run=False) == []


def test_a_dry_run_says_and_does_nothing() -> None:
    taken, said = list[str](), list[str]()
    assert take([_step(name, taken) for name in "ab"], said.append, dry_run=True) == ["a", "b"]
    assert (taken, said) == ([], ["a", "b"])


def test_nothing_is_done_after_a_step_that_failed() -> None:
    def fail() -> None:
        raise SystemRefused(command="useradd", problem="exit status 1")

    taken = list[str]()
    with pytest.raises(SystemRefused):
        take([_step("a", taken), Step("b", lambda: False, fail), _step("c", taken)], lambda _: None, dry_run=False)
    assert taken == ["a"]
