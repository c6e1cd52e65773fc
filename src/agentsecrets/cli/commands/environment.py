"""``environment switch``, ``list``, ``copy``, ``merge``, ``clean``."""

from __future__ import annotations

from dataclasses import replace

import click

from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, with_errand
from agentsecrets.errors import NoTerminal
from agentsecrets.model.place import ENVIRONMENTS
from agentsecrets.wire.messages import Copy, Named
from agentsecrets.wire.tables import marked

ENVIRONMENT = LazyGroup(
    "environment",
    short_help="Choose, compare and fill environments.",
    help="A project has three environments: development, staging and production. Each has secrets of its own.",
    sources={name: f"environment:{name}" for name in ("switch", "list", "copy", "merge", "clean")} | {"list": "environment:show"},
)
_CHOICE = click.Choice(ENVIRONMENTS)


@click.command("switch", short_help="Choose the environment that commands here use.")
@click.argument("name", type=_CHOICE)
@with_errand
def switch(errand: Errand, name: str) -> None:
    """Choose an environment: for this folder when a project file binds it, else wherever nothing else is said."""
    told = errand.ask("/v1/environments/switch", Named(name=name))
    where = "this folder" if "content" in told and errand.write_project_file(told) else "where no folder says otherwise"
    errand.note_place(told)
    errand.tell(told, f"Using {marked(told['environment'])} of {told['project']}, {where}.\n")


@click.command("list", short_help="List the environments of the project.")
@with_errand
def show(errand: Errand) -> None:
    """List the environments of the project, and how many secrets each has."""
    found = errand.ask("/v1/environments")["environments"]
    rows = [[marked(line["name"]), "active" if line["active"] else "", str(line["secrets"])] for line in found]
    errand.tell_table(found, ["Name", "Use", "Secrets"], rows)


@click.command("copy", short_help="Copy all secrets from one environment into another.")
@click.argument("source", type=_CHOICE, metavar="FROM")
@click.argument("target", type=_CHOICE, metavar="TO")
@click.option("--overwrite", is_flag=True, help="Also those that TO has already; each gets a new version.")
@with_errand
def copy(errand: Errand, source: str, target: str, overwrite: bool) -> None:
    """Copy all secrets from one environment into another, all at once. Nobody sees a value."""
    told = errand.ask("/v1/environments/copy", Copy(source=source, target=target, overwrite=overwrite))
    errand.note_place(told)
    left = f"; left alone, because {marked(target)} has them: {', '.join(told['left'])}" if told["left"] else ""
    errand.tell(told, f"Copied {_count(told['copied'])} from {marked(source)} to {marked(target)}{left}.\n")


@click.command("merge", short_help="Fill one environment with values for the names of another.")
@click.argument("source", type=_CHOICE, metavar="FROM")
@click.argument("target", type=_CHOICE, metavar="TO")
@click.option("--missing", is_flag=True, help="Ask only for names that TO does not have yet.")
@with_errand
def merge(errand: Errand, source: str, target: str, missing: bool) -> None:
    """Go through the names of FROM and ask for the value that each has in TO; Enter skips one. Each is stored at once."""
    found = errand.ask("/v1/environments/names", Copy(source=source, target=target))
    keys = [line["key"] for line in found["keys"] if not (missing and line["there"])]
    if not errand.has_person:
        raise NoTerminal(what="a person who knows the values", flag="`agentsecrets environment copy`, or `agentsecrets secrets set`")
    errand.note_place(found)
    told = replace(errand, environment=target).hand_over("fill", keys=keys)
    errand.tell(told, f"Stored {_count(told['set'])} in {marked(target)}, skipped {_count(told['skipped'])}.\n")


@click.command("clean", short_help="Delete all secrets of one environment.")
@click.argument("name", type=_CHOICE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_errand
def clean(errand: Errand, name: str, yes: bool) -> None:
    """Delete all secrets of one environment. For 30 days `secrets restore` brings each of them back."""
    found = errand.ask("/v1/environments")
    errand.confirm(f"Delete all secrets of {found['project']}, {marked(name)}?", agreed=yes)
    told = errand.ask("/v1/environments/clean", Named(name=name))
    errand.note_place(told)
    errand.tell(told, f"Deleted {_count(told['deleted'])} of {marked(name)}.\n")


def _count(names: list[str]) -> str:
    return f"{len(names)} secret{'' if len(names) == 1 else 's'}"
