"""One step of an installation or a removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done unless it is done already.

    Attributes:
        words: What it does, for a person.
        done: Whether nothing is left to do.
        perform: Does it.
    """

    words: str
    done: Callable[[], bool]
    perform: Callable[[], None]


def take(steps: Iterable[Step], say: Callable[[str], None], *, dry_run: bool) -> list[str]:
    """Takes the steps that are not done yet, in their order; the first that fails is the last.

    Args:
        steps: All steps.
        say: Where each is said before it is done.
        dry_run: Whether they are only said.

    Returns:
        The words of those that were taken.

    Raises:
        AgentSecretsError: Whatever a step refuses.
    """
    taken = []
    for step in steps:
        if not step.done():
            say(step.words)
            taken.append(step.words)
            if not dry_run:
                step.perform()
    return taken
