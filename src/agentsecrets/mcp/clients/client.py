"""What an AI tool is to us: where its settings lie, how our entry looks in them, and its own command for adding one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "agentsecrets"
"""Under which our server stands in every tool's settings."""

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where tools look for their settings.

    Attributes:
        home: The person's home folder.
        variables: The environment.
        platform: As ``sys.platform`` has it.
    """

    home: Path
    variables: Mapping[str, str]
    platform: str = sys.platform

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process."""
        return cls(Path.home(), os.environ)

    def folder(self, variable: str, *fallback: str) -> Path:
        """The folder that a variable names, else one below the home folder."""
        named = self.variables.get(variable, "")
        return Path(named) if named else self.home.joinpath(*fallback)

    def config(self, *parts: str) -> Path:
        """Below the folder in which programs keep their settings on this system. Source: XDG base directories 0.8."""
        return self.folder("XDG_CONFIG_HOME", ".config").joinpath(*parts)

    def application(self, *parts: str) -> Path:
        """Below the folder in which desktop programs keep their settings on this system."""
        if self.platform == "darwin":
            return self.home.joinpath("Library", "Application Support", *parts)
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData", "Roaming").joinpath(*parts)
        return self.config(*parts)


@dataclass(frozen=True, slots=True)
class Command:
    """The command line by which a tool starts our server.

    Attributes:
        program: The program.
        words: Its arguments.
        variables: Environment variables that it needs: where the state folder is, when that was chosen. Never a secret.
    """

    program: str
    words: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def entry(self, **further: Any) -> Entry:
        """The shape that most tools read: ``command``, ``args``, and ``env`` when it is needed."""
        env = {"env": dict(self.variables)} if self.variables else {}
        return {**further, "command": self.program, "args": list(self.words), **env}


@dataclass(frozen=True, slots=True)
class OwnCommand:
    """How a tool adds and removes a server by itself.

    Attributes:
        program: The tool's program.
        add: Arguments that add our server.
        remove: Arguments that remove it.
    """

    program: str
    add: Callable[[Command], list[str]]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """One AI tool.

    Attributes:
        name: As ``--client`` takes it.
        title: As people call it.
        settings: The file with the person's settings.
        names: Names from the outside in, down to the object that holds the servers.
        entry: Our entry.
        language: Of the file: ``json``, ``toml`` or ``yaml``.
        in_folder: The file for one folder, empty when there is none.
        program: Its program, by which it is known to be here; a settings folder is a sign too.
        own: Its own command, when it has one.
        source: Where this is written down, or which program has read it.
    """

    name: str
    title: str
    settings: Callable[[Surroundings], Path]
    names: tuple[str, ...]
    entry: Callable[[Command], Entry]
    source: str
    language: str = "json"
    in_folder: str = ""
    program: str = ""
    own: OwnCommand | None = None


def usual_entry(command: Command) -> Entry:
    """The entry of most tools."""
    return command.entry()


def with_variables(flag: str, command: Command) -> list[str]:
    """The environment variables of a command as flags of a tool's own command."""
    return [word for name, value in command.variables.items() for word in (flag, f"{name}={value}")]
