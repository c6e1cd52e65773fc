"""A list of secrets that was laid out before."""

from __future__ import annotations

from dataclasses import dataclass

from agentsecrets.model.binding import Binding
from agentsecrets.model.place import ENVIRONMENTS, Environment, Place
from agentsecrets.vault.shelf import SecretLine


@dataclass(frozen=True, slots=True)
class Listing:
    """What was laid out, and what of. Names stay in memory only, as the lines do that they come from.

    Attributes:
        place: Whose secrets.
        lines: Those of each environment, as the vault holds them: it makes a new list when one changes.
        bound: The binding of each secret of the place.
        as_json: Whether ``text`` is one JSON document.
        text: The answer.
    """

    place: Place
    lines: dict[Environment, list[SecretLine]]
    bound: list[Binding | None]
    as_json: bool
    text: str

    def holds(self, place: Place, lines: dict[Environment, list[SecretLine]], bound: list[Binding | None], *, as_json: bool) -> bool:
        """Whether it would be laid out of these in the same way."""
        same = (self.place, self.as_json) == (place, as_json) and all(self.lines[one] is lines[one] for one in ENVIRONMENTS)
        return same and self.bound == bound
