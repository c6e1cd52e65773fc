"""``secrets history``, ``rollback``, ``restore``."""

from __future__ import annotations

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Document, Errand
from agentsecrets.cli.grammar import with_errand
from agentsecrets.errors import BadUsage
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.messages import Key, Version
from agentsecrets.wire.tables import moment

_HEAD = ["Version", "Made", "State", "Note"]


@click.command("history", short_help="List the versions of a secret.")
@click.argument("key", shell_complete=completing.keys)
@with_errand
def show(errand: Errand, key: str) -> None:
    """List the versions of a secret that are kept (20 at most), the newest first. No value is opened."""
    versions = errand.ask("/v1/secrets/history", Key(key=parse_key_name(key)))["versions"]
    rows = [[str(line["version"]), moment(line["updated_ms"]), _state(line, versions[0]), line["note"]] for line in versions]
    errand.tell_table(versions, _HEAD, rows)


@click.command("rollback", short_help="Make an old version the newest again.")
@click.argument("key", shell_complete=completing.keys)
@click.option("--to", "version", type=click.IntRange(1), help="Which version; the one before the newest by default.")
@with_errand
def rollback(errand: Errand, key: str, version: int | None) -> None:
    """Make an old version of a secret the newest again, as a version of its own. Nobody sees the value."""
    told = errand.ask("/v1/secrets/rollback", Version(key=parse_key_name(key), version=version or 0))
    errand.note_place(told)
    errand.tell(told, f"{told['key']} is what it was; that is version {told['version']} now.\n")


@click.command("restore", short_help="Bring a deleted secret back, or list those that can be.")
@click.argument("key", default="")
@click.option("--list", "listed", is_flag=True, help="List what can be brought back.")
@with_errand
def restore(errand: Errand, key: str, listed: bool) -> None:
    """Bring back a secret that was deleted less than 30 days ago."""
    if listed:
        gone = errand.ask("/v1/secrets/deleted")["deleted"]
        errand.tell_table(gone, ["Key", "Version", "Deleted"], [[it["key"], str(it["version"]), moment(it["deleted_ms"])] for it in gone])
        return
    if not key:
        raise BadUsage(problem="name a key, or give --list")
    told = errand.ask("/v1/secrets/restore", Key(key=parse_key_name(key)))
    errand.note_place(told)
    errand.tell(told, f"{told['key']} is back, version {told['version']}.\n")


def _state(line: Document, newest: Document) -> str:
    if line["deleted_ms"]:
        return f"deleted {moment(line['deleted_ms'])}"
    return "in use" if line is newest else ""
