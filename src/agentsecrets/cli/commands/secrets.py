"""``secrets set``, ``list``, ``get``, ``delete``."""

from __future__ import annotations

import os
import threading
from typing import Any

import click

from agentsecrets.cli import completing
from agentsecrets.cli.commands.bindings import bind_key, slots, style_of
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.errors import BadUsage
from agentsecrets.model.place import ENVIRONMENTS
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.wire.messages import BindingWanted, Key
from agentsecrets.wire.stored import notes_on
from agentsecrets.wire.tables import marked

SECRETS = LazyGroup(
    "secrets",
    short_help="Set, list, bind and delete secrets.",
    help="Secrets of the project and environment in use. Only names are ever listed.",
    sources={
        "set": "secrets:store",
        "list": "secrets:show",
        "get": "secrets:reveal",
        "delete": "secrets:delete",
        "bind": "bindings:bind",
        "unbind": "bindings:unbind",
        "bindings": "bindings:show",
        "providers": "bindings:providers",
        "history": "history:show",
        "rollback": "history:rollback",
        "restore": "history:restore",
        "request": "requests:request",
        "import": "imports:bring_in",
        "push": "imports:push",
        "pull": "imports:pull",
        "diff": "imports:diff",
    },
)


@click.command("set", short_help="Store a value under a name.")
@click.argument("assignment", metavar="KEY[=VALUE|=-]", shell_complete=completing.keys)
@click.option("--note", default="", metavar="TEXT", help="A word about this version, for `secrets history`.")
@click.option("--all-envs", "everywhere", is_flag=True, help="Store it in development, staging and production at once.")
@click.option(
    "--for", "host", default="", metavar="PROVIDER|HOST", help="Also bind the key to this provider, or to this host in the style beside it."
)
@slots
@password_stdin
@with_errand
def store(errand: Errand, assignment: str, note: str, everywhere: bool, host: str, password_stdin: bool, **given: Any) -> None:
    """Store a value, or a new version of it.

    KEY asks for the value without showing it, or reads it from a pipe. KEY=- reads it from standard input. KEY=VALUE takes it as typed.

    A value that is known by its public prefix binds its key to its provider, if nothing has bound it before. With --for the key is bound
    before the value is stored, which needs the account password.
    """
    name, equals, value = assignment.partition("=")
    key, typed = parse_key_name(name), bool(equals) and value != "-"
    style, slot = style_of(given)
    if style and not host:
        raise BadUsage(problem="a style belongs to --for")
    if password_stdin and (not host or not typed):
        raise BadUsage(problem="standard input cannot carry both the password and the value; use `secrets set`, then `secrets bind`")
    if host:
        bind_key(errand, BindingWanted(key=key, destination=host, style=style, slot=slot), password_stdin=password_stdin)
    source = _source(errand, value.encode("utf-8", "surrogateescape") if typed else None, stdin=bool(equals))
    stored = errand.hand_over("deposit", key=key, note=note, everywhere=everywhere, value_fd=source)
    for environment in stored["versions"]:
        errand.note_place({**stored, "environment": environment})
    for line in notes_on(stored):
        errand.note(line)
    errand.tell(stored, f"Stored {stored['key']}, version {stored['version']}.\n")


def _source(errand: Errand, typed: bytes | None, *, stdin: bool) -> int:
    """Descriptor from which the presence program reads the value, -1 when it asks for it on the terminal."""
    if typed is None:
        return 0 if stdin or not errand.has_person else -1
    check_value(typed)
    if errand.has_person:
        errand.note("warning: the value now stands in your shell's history; `agentsecrets secrets set KEY` asks for it instead")
    reading, writing = os.pipe()
    threading.Thread(target=_write, args=(writing, typed), daemon=True).start()
    return reading


def _write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(content)


@click.command("list", short_help="List the names, never a value.")
@click.option("--coverage", is_flag=True, help="Show for every name of the project in which environments it has a value.")
@click.option("--env-example", is_flag=True, help="Print NAME= lines, for a .env.example that is safe to commit.")
@with_errand
def show(errand: Errand, coverage: bool, env_example: bool) -> None:
    """List the names of the secrets here, where each may be used, and in which environments it has a value."""
    if not coverage and not env_example:
        errand.tell_laid_out(errand.ask("/v1/secrets/shown")["text"])
        return
    if env_example:
        found = errand.ask("/v1/secrets")["secrets"]
        errand.tell(found, "".join(f"{line['key']}=\n" for line in found))
        return
    covered = errand.ask("/v1/secrets/coverage")["coverage"]
    rows = [[key, *("yes" if one in there else "-" for one in ENVIRONMENTS)] for key, there in sorted(covered.items())]
    errand.tell_table(covered, ["Key", *map(marked, ENVIRONMENTS)], rows)


@click.command("get", short_help="Show a value to a person.")
@click.argument("key", shell_complete=completing.keys)
@password_stdin
@with_errand
def reveal(errand: Errand, key: str, password_stdin: bool) -> None:
    """Show a value on standard output. Needs the account password, and is logged."""
    errand.ask("/v1/place")
    errand.presence("reveal", password_stdin=password_stdin, key=parse_key_name(key))


@click.command("delete", short_help="Delete a secret.")
@click.argument("key", shell_complete=completing.keys)
@with_errand
def delete(errand: Errand, key: str) -> None:
    """Delete a secret: it is not listed and not used any more. For 30 days `secrets restore` brings it back."""
    gone = errand.ask("/v1/secrets/delete", Key(key=parse_key_name(key)))
    errand.note_place(gone)
    errand.tell(gone, f"Deleted {gone['key']}.\n")
