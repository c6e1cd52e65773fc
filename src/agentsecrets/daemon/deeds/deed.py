"""What a deed is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.client.control import Control, place_fields
from agentsecrets.daemon.terminal import Person


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request to the presence program says; it holds neither password nor value.

    Attributes:
        deed: Name of the deed.
        home: The state folder.
        cwd: The folder of the command.
        workspace: Name or id by flag or variable, empty for none.
        project: Name or id by flag or variable, empty for none.
        environment: Name by flag or variable, empty for none.
        password_stdin: Whether the password comes by standard input instead of the terminal.
    """

    deed: str
    home: str
    cwd: str = ""
    workspace: str = ""
    project: str = ""
    environment: str = ""
    password_stdin: bool = False

    @property
    def control(self) -> Control:
        """The daemon, asked from where the command was run."""
        return Control(Path(self.home), place_fields(self.cwd, self.project, self.environment, self.workspace))


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that the presence program does.

    Attributes:
        name: As requests call it.
        shape: Shape of its request.
        perform: Does it; answers what the command may print as JSON.
    """

    name: str
    shape: type[Asked]
    perform: Callable[[Any, Person], dict[str, Any]]
