"""What a person could mean: names for a shell's completion. Only a running, open daemon is asked, and no failure is ever told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from agentsecrets.cli.errand import Errand
from agentsecrets.client.control import Control
from agentsecrets.model.place import ENVIRONMENTS
from agentsecrets.wire.messages import NamesOf

_SECONDS = 1.0
_HERE = ("project", "environment", "workspace")

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def known(context: click.Context, kind: str) -> list[str]:
    """The names of one kind where the command line says that it is; none when there is no open daemon to ask.

    Args:
        context: What was typed so far.
        kind: ``key``, ``project``, ``workspace`` or ``domain``.
    """
    try:
        errand = Errand(False, *(str(context.params.get(name) or "") for name in _HERE))
        found: list[str] = Control(errand.home, errand.place_fields(), _SECONDS).ask("/v1/names", NamesOf(kind=kind))["names"]
    except Exception:  # noqa: BLE001  (a shell that completes has no place for a failure)
        return []
    return found


def _of(kind: str) -> Completer:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _beginning(incomplete, known(context, kind))

    return complete


keys, projects, workspaces, domains = _of("key"), _of("project"), _of("workspace"), _of("domain")


def environments(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The three environments."""
    return _beginning(incomplete, ENVIRONMENTS)


def slot_keys(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``NAME=KEY``: keys, once the name of the slot has been typed."""
    slot, equals, _key = incomplete.rpartition("=")
    return _beginning(incomplete, (f"{slot}={key}" for key in known(context, "key"))) if equals else []


def key_lists(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``KEY,KEY``: those that have not been named before."""
    before, comma, _key = incomplete.rpartition(",")
    named = before.split(",")
    return _beginning(incomplete, (f"{before}{comma}{key}" for key in known(context, "key") if key not in named))


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which the shell knows itself."""
    return [CompletionItem(incomplete, type="file")]


BY_METAVAR: dict[str, Completer] = {
    "KEY": keys,
    "NAME=KEY": slot_keys,
    "PARAM=KEY": slot_keys,
    "PATH=KEY": slot_keys,
    "FIELD=KEY": slot_keys,
}
BY_FLAG: dict[str, Completer] = {"--project": projects, "--environment": environments, "--workspace": workspaces}
"""What the flags complete that are declared once for all commands."""


def of_flag(name: str, metavar: str) -> dict[str, Any]:
    """The setting that gives such a flag its completion, empty for one without."""
    found = BY_FLAG.get(name) or BY_METAVAR.get(metavar)
    return {"shell_complete": found} if found else {}


def _beginning(start: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(start)]
