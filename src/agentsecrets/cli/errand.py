"""What every command carries with it: which home and place it speaks of, whom it asks, and how it answers."""

from __future__ import annotations

import json
import os
import sys
from _socket import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentsecrets.cli import calls
from agentsecrets.cli.failures import shows_color
from agentsecrets.client import heads, quick
from agentsecrets.client.control import Control
from agentsecrets.client.launch import by_variable
from agentsecrets.client.lifecycle import ensure_daemon
from agentsecrets.errors import NoDaemon, NoTerminal, PresenceRequired
from agentsecrets.wire.messages import Message
from agentsecrets.wire.tables import emphasized, marked, table

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """One command under way.

    Attributes:
        as_json: Whether the answer is one JSON document.
        project: Name or id by flag, empty for none.
        environment: Name by flag, empty for none.
        workspace: Name or id by flag, empty for none.
    """

    as_json: bool = False
    project: str = ""
    environment: str = ""
    workspace: str = ""

    @property
    def home(self) -> Path:
        """The state folder."""
        return Path(quick.home_folder())

    @property
    def folder(self) -> str:
        """The folder of this command."""
        return os.fsdecode(heads.folder())

    @property
    def given(self) -> dict[str, list[str]]:
        """The flags that every command takes, as the quick path reads them."""
        named = (
            ("--workspace", self.workspace),
            ("--project", self.project),
            ("--environment", self.environment),
            ("--output", "json" if self.as_json else ""),
        )
        return {flag: [value] for flag, value in named if value}

    @property
    def has_person(self) -> bool:
        """Whether somebody could be asked here."""
        return sys.stdin.isatty()

    # --- asking -----------------------------------------------------------------------------------------------------------------------

    def connection(self) -> socket:
        """A connection for frames, to the daemon, which is started when none runs.

        Raises:
            NoDaemon: When nobody answers all the same.
        """
        ensure_daemon(self.home, by_variable())
        connection = quick.connect(str(self.home))
        if connection is None:
            raise NoDaemon
        return connection

    def ask(self, verb: str, message: Message | None = None) -> Document:
        """Asks the daemon, which is started when none runs.

        Raises:
            AgentSecretsError: Whatever it answers instead.
        """
        ensure_daemon(self.home, by_variable())
        return self.ask_running(verb, message)

    def ask_running(self, verb: str, message: Message | None = None) -> Document:
        """Asks the daemon that runs.

        Raises:
            NoDaemon: When none does.
        """
        return Control(self.home, self.place_fields()).ask(verb, message)

    def place_fields(self) -> dict[str, str]:
        """The header fields that say where this command was run and which place it names."""
        return dict(calls.place_fields(self.given))

    def presence(self, deed: str, *, password_stdin: bool, **asked: Any) -> Document:
        """Runs the presence program for one deed that needs a person's password.

        Raises:
            PresenceRequired: When there is nobody to ask.
            AgentSecretsError: Whatever it refuses.
        """
        if not password_stdin and not self.has_person:
            raise PresenceRequired
        return self.hand_over(deed, password_stdin=password_stdin, **asked)

    def hand_over(self, deed: str, *, password_stdin: bool = False, value_fd: int = -1, **asked: Any) -> Document:
        """Runs the presence program, for a deed that may need nobody.

        Args:
            deed: What is to be done.
            password_stdin: Whether the password stands on standard input; this process does not read it.
            value_fd: Descriptor of a value that is passed on, -1 for none.
            asked: What else the deed wants to know.
        """
        from agentsecrets.client.launch import run_presence

        place = dict(calls.named_place(self.given))
        request = {"deed": deed, "home": str(self.home), "cwd": self.folder, **place, **asked}
        if value_fd >= 0:
            request["value_fd"] = value_fd
        return run_presence(request, password_stdin=password_stdin)

    # --- answering --------------------------------------------------------------------------------------------------------------------

    def tell(self, document: Any, text: str) -> None:
        """Prints the answer: the document as JSON when that was asked for, else the text."""
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n" if self.as_json else text)

    def tell_table(self, document: Any, head: list[str], rows: list[list[str]]) -> None:
        """Prints the answer as a table."""
        self.tell(document, table(head, rows, color=shows_color(1)))

    def tell_laid_out(self, text: str) -> None:
        """Prints an answer that the daemon has laid out: a table, or the JSON document when that was asked for."""
        sys.stdout.write(emphasized(text) if shows_color(1) and not self.as_json else text)

    def note(self, text: str) -> None:
        """Says something beside the answer."""
        print(text, file=sys.stderr)

    def note_place(self, place: Document) -> None:
        """Says which vault a command has written to."""
        self.note(f"{place['email']} / {place['workspace']} / {place['project']} / {marked(place['environment'])}")

    def write_project_file(self, told: Document) -> bool:
        """Writes the project file whose content the daemon gave, and says so when that fails.

        Args:
            told: Its answer, with ``path`` and ``content``; the content is taken out.
        """
        file, content = Path(told["path"]), told.pop("content")
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(content, encoding="utf-8")
        except OSError as failure:
            self.note(f"note: {file} could not be written: {failure.strerror}")
            return False
        return True

    def confirm(self, question: str, *, agreed: bool) -> None:
        """Asks before something is taken away.

        Args:
            question: What would happen, as a question.
            agreed: Whether the command line said yes already.

        Raises:
            NoTerminal: When there is nobody to ask.
            click.Abort: When the person says no.
        """
        if agreed:
            return
        if not self.has_person:
            raise NoTerminal(what="a person's yes", flag="--yes")
        import click

        click.confirm(question, abort=True, err=True)
