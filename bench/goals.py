"""Measured ratios beside the goals that docs/performance.md explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure and what it has to be.

    Attributes:
        name: What was measured, beside what.
        measured: The figure.
        goal: Where it has to be.
        stretch: Where the best stands; None for none.
        more_is_better: Whether the goal is a floor instead of a ceiling.
    """

    name: str
    measured: float
    goal: float
    stretch: float | None = None
    more_is_better: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self._reaches(self.goal)

    def __str__(self) -> str:
        if math.isnan(self.measured):
            return f"{self.name:58}{'-':>8}   this machine is too busy to tell"
        sign = ">=" if self.more_is_better else "<="
        if self.stretch is None:
            reached = "met" if self.met else "NOT MET"
        else:
            reached = "met, stretch too" if self._reaches(self.stretch) else "met" if self.met else "NOT MET"
        aim = f"{sign} {self.goal:g}" + ("" if self.stretch is None else f" (stretch {self.stretch:g})")
        return f"{self.name:58}{self.measured:8.2f}   {aim:24}{reached}"

    def _reaches(self, bound: float) -> bool:
        return self.measured >= bound if self.more_is_better else self.measured <= bound


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio that is printed beside the goals and is none."""

    name: str
    measured: float

    def __str__(self) -> str:
        return f"{self.name:58}{self.measured:8.2f}   (no goal)"


def share(ours: float, theirs: float) -> float:
    """Ratio of what two engines add; not a number when the other's is lost in the noise."""
    return ours / theirs if theirs > 0 and ours > 0 else math.nan


def report(goals: Sequence[Goal | Figure]) -> None:
    """Prints goals, one a line."""
    print()
    for goal in goals:
        print(goal)
