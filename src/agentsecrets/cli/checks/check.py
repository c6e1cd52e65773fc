"""What a check of ``doctor`` is: it looks, and says what it found, what that means, and what mends it. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agentsecrets import __version__
from agentsecrets.cli.errand import Document, Errand
from agentsecrets.client.control import Control
from agentsecrets.errors import AgentSecretsError
from agentsecrets.wire.messages import Message
from agentsecrets.wire.service import SHARED, is_home

OK, WARN, FAIL = "ok", "warn", "fail"
"""``warn``: it works, and not as well or as safely as it could. ``fail``: something does not work, or is not safe."""

SECONDS = 5.0
"""How long the daemon may keep silent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        state: ``ok``, ``warn`` or ``fail``.
        found: What there is and what it means: names, paths and numbers, never a value.
        mend: What mends it, a command where there is one; empty when all is well.
    """

    state: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all checks look at.

    Attributes:
        errand: The command that is under way.
        status: What the running daemon says of itself, wherever the command runs; empty when none answers.
        refusal: Why none answers.
        examined: What was found in the state folder and the system: ``refused`` parts with words and hint, ``account``, ``port``,
            ``authorities``. Empty when it could not be looked at.
    """

    errand: Errand
    status: Document = field(default_factory=dict)
    refusal: AgentSecretsError | None = None
    examined: Document = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether the vault is that of a service: its state folder is nothing that this user could look at."""
        return str(self.errand.home) == SHARED

    @property
    def is_service(self) -> bool:
        """Whether the vault is that of a service, whoever looks: its daemon is started by what keeps it, and by no command."""
        return is_home(str(self.errand.home))

    def administrator(self, command: str) -> str:
        """A command as it is typed here: what changes the vault of a service is an administrator's."""
        return f"an administrator runs: sudo {command}" if self.is_shared else command

    @property
    def serves(self) -> bool:
        """Whether a daemon of this version runs; one of another version may not understand what is asked."""
        return bool(self.status.get("version") == __version__)

    @property
    def is_open(self) -> bool:
        """Whether it does, and its vault is open."""
        return self.serves and not self.status["locked"]

    def ask(self, verb: str, message: Message | None = None, seconds: float = SECONDS) -> Document:
        """Asks the running daemon; none is started.

        Raises:
            NoDaemon, or whatever it answers instead
        """
        return Control(self.errand.home, self.errand.place_fields(), seconds).ask(verb, message)

    def refused(self, *parts: str) -> list[Finding]:
        """A finding for each part of the state folder that is not as it should be."""
        told: dict[str, Any] = self.examined.get("refused", {})
        return [Finding(FAIL, told[part]["message"], told[part]["hint"]) for part in parts if part in told]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: As it is shown.
        look: Looks, and says what it found; none when there is nothing to say.
    """

    name: str
    look: Callable[[Scene], Iterable[Finding]]
