"""``mcp serve``, ``mcp install``, ``mcp uninstall``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from agentsecrets.cli import flags
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, option, with_errand
from agentsecrets.errors import BadUsage, NoToolFound
from agentsecrets.mcp.chosen import Chosen
from agentsecrets.mcp.clients import ALL
from agentsecrets.mcp.clients.client import Client, Surroundings
from agentsecrets.mcp.install import WRITTEN, Installer, Outcome, command_for
from agentsecrets.mcp.server import serve as serve_client

MCP = LazyGroup(
    "mcp",
    short_help="Give AI tools the use of secrets.",
    help="AgentSecrets as an MCP server, for AI tools on this machine.",
    sources={"serve": "mcp:serve", "install": "mcp:install", "uninstall": "mcp:uninstall"},
)


@click.command("serve", short_help="Serve one AI tool, on standard input and output.")
@option(flags.AGENT_ID)
@with_errand
def serve(errand: Errand, agent_id: str) -> int:
    """Serve one AI tool over MCP, on standard input and output. AI tools start this themselves."""
    return serve_client(_chosen(errand), agent_id)


_CLIENTS = {client.name: client for client in ALL}


def _choices(command: Any) -> Any:
    """Adds the flags that say whose settings are meant."""
    options = (
        click.option("--client", "names", multiple=True, type=click.Choice(list(_CLIENTS)), help="Only this tool; repeatable."),
        click.option("--in-folder", is_flag=True, help="The settings of this folder, instead of yours."),
        click.option("--dry-run", is_flag=True, help="Write nothing; say what would be done."),
    )
    for add in reversed(options):
        command = add(command)
    return command


@click.command("install", short_help="Add AgentSecrets to the AI tools on this machine.")
@_choices
@click.option("--list", "lists", is_flag=True, help="Show all tools, where their settings lie, and whether AgentSecrets is in them.")
@with_errand
def install(errand: Errand, names: tuple[str, ...], in_folder: bool, dry_run: bool, lists: bool) -> int:
    """Add AgentSecrets to the AI tools that are found on this machine, or to those that are named.

    A tool's own command is used where it has one; else its file is edited, with everything else in it left as it is, and the old file kept
    beside it. With --project or --environment the tool always uses these. No value, token or password is written.
    """
    installer = _installer(errand, in_folder=in_folder, dry=dry_run)
    if lists:
        return _told(
            errand, installer, [installer.state(client) for client in _named(names, in_folder=in_folder) or _all(in_folder=in_folder)]
        )
    clients = _named(names, in_folder=in_folder) or [client for client in installer.found() if client.in_folder or not in_folder]
    if not clients:
        raise NoToolFound
    code = _told(errand, installer, [installer.install(client) for client in clients])
    errand.note("nothing was written" if dry_run else "a tool that is running has to be started again")
    return code


@click.command("uninstall", short_help="Take AgentSecrets out of AI tools again.")
@_choices
@with_errand
def uninstall(errand: Errand, names: tuple[str, ...], in_folder: bool, dry_run: bool) -> int:
    """Take AgentSecrets out of the settings of all AI tools, or of those that are named. Another server of that name is left alone."""
    installer = _installer(errand, in_folder=in_folder, dry=dry_run)
    clients = _named(names, in_folder=in_folder) or _all(in_folder=in_folder)
    return _told(errand, installer, [installer.uninstall(client) for client in clients])


def _chosen(errand: Errand) -> Chosen:
    return Chosen(workspace=errand.workspace, project=errand.project, environment=errand.environment)


def _installer(errand: Errand, *, in_folder: bool, dry: bool) -> Installer:
    command = command_for(_chosen(errand), in_folder=in_folder)
    return Installer(Surroundings.here(), command, Path(errand.folder) if in_folder else None, dry)


def _named(names: Sequence[str], *, in_folder: bool) -> list[Client]:
    clients = [_CLIENTS[name] for name in dict.fromkeys(names)]
    if in_folder and any(not client.in_folder for client in clients):
        raise BadUsage(problem="that tool has no settings of a folder; leave out --in-folder")
    return clients


def _all(*, in_folder: bool) -> list[Client]:
    return [client for client in ALL if client.in_folder or not in_folder]


def _told(errand: Errand, installer: Installer, outcomes: list[Outcome]) -> int:
    """Says what became of each tool; the exit status is that of the first failure."""
    document = [_document(installer, outcome) for outcome in outcomes]
    would = "would be " if installer.dry else ""
    rows = [
        [outcome.client.name, f"{would if outcome.result in WRITTEN else ''}{outcome.result}", outcome.by or str(outcome.path)]
        for outcome in outcomes
    ]
    errand.tell_table(document, ["Client", "Result", "Where"], rows)
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    for failure in failures:
        errand.note(f"error: {failure.message}\nhint: {failure.hint}")
    return failures[0].exit_code if failures else 0


def _document(installer: Installer, outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {
        "client": outcome.client.name,
        "title": outcome.client.title,
        "result": outcome.result,
        "settings": str(outcome.path),
    }
    told |= {"by": outcome.by, "at": list(outcome.client.names), "entry": outcome.client.entry(installer.command)}
    if outcome.failure is not None:
        told |= {"error": outcome.failure.slug, "message": outcome.failure.message, "hint": outcome.failure.hint}
    return told
