"""Writing our server into the settings of AI tools, and taking it out again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentsecrets.errors import AgentSecretsError, SettingsTaken
from agentsecrets.mcp.chosen import Chosen
from agentsecrets.mcp.clients import ALL
from agentsecrets.mcp.clients.client import NAME, Client, Command, Entry, Surroundings
from agentsecrets.mcp.settings import Settings

ADDED, CHANGED, UNCHANGED, REMOVED = "added", "changed", "unchanged", "removed"
ABSENT, OLDER, THERE, FAILED = "not there", "there, in an older form", "there", "failed"
WRITTEN = (ADDED, CHANGED, REMOVED)
_STATES = {ADDED: ABSENT, CHANGED: OLDER, UNCHANGED: THERE}
_SERVE = ("mcp", "serve")
_HOME_VARIABLE = "AGENTSECRETS_HOME"
_VARIABLES = ("env", "envs", "environment")
_OWN_COMMAND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one tool's settings.

    Attributes:
        client: Whose.
        path: The file.
        result: One of the words above.
        by: The tool's own command line when that wrote, else empty.
        failure: Why it failed, None when it did not.
    """

    client: Client
    path: Path
    result: str
    by: str = ""
    failure: AgentSecretsError | None = None


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs for one tool at a time.

    Attributes:
        here: Where the tools look for their settings.
        command: What they are to start.
        folder: The folder whose settings are meant, None for the person's own.
        dry: Whether nothing is to be written.
    """

    here: Surroundings
    command: Command
    folder: Path | None = None
    dry: bool = False

    def settings(self, client: Client) -> Settings:
        """The file of a tool."""
        path = client.settings(self.here) if self.folder is None else self.folder / client.in_folder
        return Settings(path, client.language, (*client.names, NAME), self.folder)

    def found(self) -> list[Client]:
        """The tools that seem to be on this machine: their program is on PATH, or there is a folder for their settings."""
        return [client for client in ALL if self._program(client.program) or self._has_settings(client)]

    def state(self, client: Client) -> Outcome:
        """How a tool stands; nothing is changed."""
        settings = self.settings(client)
        try:
            result, _ = self._due(client, settings)
        except AgentSecretsError as failure:
            return Outcome(client, settings.path, FAILED, failure=failure)
        return Outcome(client, settings.path, _STATES[result])

    def install(self, client: Client) -> Outcome:
        """Brings our entry into one tool's settings."""
        settings, by = self.settings(client), ""
        try:
            result, entry = self._due(client, settings)
            own = self._own(client, removes=False) if result == ADDED else []
            if own and (self.dry or self._ran(own)):
                by = shlex.join(own)
            if not self.dry and self._due(client, settings)[0] != UNCHANGED:
                by = ""
                settings.put(entry)
        except AgentSecretsError as failure:
            return Outcome(client, settings.path, FAILED, failure=failure)
        return Outcome(client, settings.path, result, by)

    def uninstall(self, client: Client) -> Outcome:
        """Takes our entry out of one tool's settings; another server of our name is left alone."""
        settings, by = self.settings(client), ""
        try:
            if not is_ours(settings.entry()):
                return Outcome(client, settings.path, ABSENT)
            own = self._own(client, removes=True)
            if own and (self.dry or self._ran(own)):
                by = shlex.join(own)
            if not self.dry and is_ours(settings.entry()):
                by = ""
                settings.remove()
        except AgentSecretsError as failure:
            return Outcome(client, settings.path, FAILED, failure=failure)
        return Outcome(client, settings.path, REMOVED, by)

    def _due(self, client: Client, settings: Settings) -> tuple[str, Entry]:
        """What has to happen, and the entry that is to stand there: what a person added to ours is kept."""
        found, wanted = settings.entry(), client.entry(self.command)
        if found is None:
            return ADDED, wanted
        if not is_ours(found):
            raise SettingsTaken(path=settings.path, client=client.name)
        merged = {**found, **wanted}
        for name in _VARIABLES:
            if isinstance(found.get(name), dict) and isinstance(wanted.get(name), dict):
                merged[name] = {**found[name], **wanted[name]}
        return (UNCHANGED if merged == found else CHANGED), merged

    def _own(self, client: Client, *, removes: bool) -> list[str]:
        """The tool's own command line for this, empty when it has none here."""
        if client.own is None or self.folder is not None:
            return []
        program = self._program(client.own.program)
        words = list(client.own.remove) if removes else client.own.add(self.command)
        return [program, *words] if program else []

    def _ran(self, words: list[str]) -> bool:
        """Runs a tool's own command, quietly; whether it did what it should is seen in the file."""
        try:
            ended = subprocess.run(
                words,
                env=dict(self.here.variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_OWN_COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ended.returncode == 0

    def _program(self, name: str) -> str:
        return (shutil.which(name, path=self.here.variables.get("PATH", "")) or "") if name else ""

    def _has_settings(self, client: Client) -> bool:
        path = client.settings(self.here)
        return path.exists() or (path.parent != self.here.home and path.parent.exists())


def is_ours(entry: Any) -> bool:
    """Whether an entry starts our server, in whatever shape it says so."""
    words = _words(entry)
    serves = any(words[at : at + 2] == list(_SERVE) for at in range(len(words)))
    return serves and any(Path(word).name.startswith("agentsecrets") for word in words)


def program_of(entry: Any) -> str:
    """The program that an entry starts, empty when it names none."""
    return next(iter(_words(entry)), "")


def _words(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return []
    named = (entry.get("command"), entry.get("cmd"), entry.get("args"))
    lists = [part if isinstance(part, list) else [part] for part in named]
    return [word for part in lists for word in part if isinstance(word, str)]


def command_for(chosen: Chosen, *, in_folder: bool) -> Command:
    """The command line by which tools are to start our server.

    Args:
        chosen: The place that it is to name.
        in_folder: Whether the entry may travel to other machines, and so names the program without its path.
    """
    flags = tuple(chosen.flags())
    home = os.environ.get(_HOME_VARIABLE, "")
    variables = {_HOME_VARIABLE: str(Path(home).absolute())} if home and not in_folder else {}
    own = Path(sys.argv[0]).absolute()
    if in_folder:
        return Command("agentsecrets", (*_SERVE, *flags))
    if own.name == "agentsecrets" and own.is_file():
        return Command(str(own), (*_SERVE, *flags), variables)
    return Command(sys.executable, ("-m", "agentsecrets.cli", *_SERVE, *flags), variables)
