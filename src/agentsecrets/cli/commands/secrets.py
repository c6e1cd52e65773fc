"""``secrets set``, ``list``, ``get``, ``delete``, ``bind``."""

from __future__ import annotations

import datetime as dt
import os
import sys

import click

from agentsecrets.cli.context import control, password_stdin, presence, scoped
from agentsecrets.cli.printing import print_json, print_table
from agentsecrets.errors import BadUsage
from agentsecrets.wire.messages import Key

_STYLES = ("bearer", "basic", "header", "query", "body", "form")


@click.group()
def secrets() -> None:
    """Secrets: names are shown, values never but by ``get``."""


@secrets.command("set")
@click.argument("key")
@scoped
def set_secret(key: str, project: str, environment: str, output: str) -> None:
    """Store a value: KEY asks for it (or reads a pipe), KEY=VALUE takes it as typed, KEY=- reads standard input."""
    name, equals, typed = key.partition("=")
    control()
    scope = {"project": project, "environment": environment}
    if equals and typed != "-":
        if sys.stderr.isatty():
            print("note: the value stays in your shell's history", file=sys.stderr)
        told = _with_value(typed.encode("utf-8", "surrogateescape"), name, scope)
    elif equals or not sys.stdin.isatty():
        told = _with_value(sys.stdin.buffer.read().removesuffix(b"\n"), name, scope)
    else:
        told = presence("deposit", password_stdin=False, key=name, **scope)
    print_json(told) if output == "json" else print(f"{told['key']} is stored (version {told['version']}).")


def _with_value(raw: bytes, name: str, scope: dict[str, str]) -> dict[str, object]:
    """Hands a value that this process already has to the presence program, which seals it for the proven daemon."""
    descriptor = os.memfd_create("value", os.MFD_CLOEXEC)
    os.write(descriptor, raw)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return presence("deposit", password_stdin=False, key=name, value_fd=descriptor, **scope)


@secrets.command("list")
@scoped
def list_secrets(project: str, environment: str, output: str) -> None:
    """List key names, never values."""
    told = control(project, environment).ask("/v1/secrets")
    if output == "json":
        print_json(told)
        return
    rows = [(line["key"], str(line["version"]), _day(line["updated_ms"]), line["bound"] or "not yet") for line in told["secrets"]]
    print_table(("Key", "Version", "Updated", "Bound to"), rows)


@secrets.command()
@click.argument("key")
@password_stdin
@scoped
def get(key: str, password_stdin: bool, project: str, environment: str, output: str) -> None:  # noqa: ARG001  (a value is printed bare)
    """Show a value; needs the account password, and is logged."""
    control()
    presence("reveal", password_stdin=password_stdin, key=key, project=project, environment=environment)


@secrets.command()
@click.argument("key")
@scoped
def delete(key: str, project: str, environment: str, output: str) -> None:
    """Delete a secret."""
    told = control(project, environment).ask("/v1/secrets/delete", Key(key=key))
    print_json(told) if output == "json" else print(f"{told['key']} is deleted.")


@secrets.command()
@click.argument("key")
@click.option("--host", required=True, help="HOST or HOST:PORT that the key may go to.")
@click.option("--bearer", "style", flag_value="bearer", help="As Authorization: Bearer.")
@click.option("--basic", "style", flag_value="basic", help="As Authorization: Basic.")
@click.option("--header", default="", help="As this header.")
@click.option("--query", default="", help="As this query parameter.")
@click.option("--body-field", "body", default="", help="At this JSON path of the body.")
@click.option("--form-field", "form", default="", help="As this form field.")
@password_stdin
@scoped
def bind(key: str, host: str, style: str | None, output: str, **given: str) -> None:
    """Fix where a key may go; needs the account password."""
    named = [(name, given[name]) for name in _STYLES if given.get(name)]
    chosen = [*named, *([(style, "")] if style else [])]
    if len(chosen) != 1:
        raise BadUsage(problem="give exactly one style")
    control()
    scope = {"project": given["project"], "environment": given["environment"]}
    told = presence(
        "bind", password_stdin=bool(given["password_stdin"]), key=key, host=host, style=chosen[0][0], slot=chosen[0][1], **scope
    )
    print_json(told) if output == "json" else print(f"{told['key']} may go to {told['bound']}.")


def _day(time_ms: int) -> str:
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M")


COMMANDS = {"secrets": secrets}
