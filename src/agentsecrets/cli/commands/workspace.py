"""``workspace allowlist add``, ``remove``, ``list``, ``log``."""

from __future__ import annotations

from pathlib import Path

import click

from agentsecrets.cli.context import control, output, password_stdin, presence
from agentsecrets.cli.printing import print_json, print_table


@click.group()
def workspace() -> None:
    """Your workspace."""


@workspace.group()
def allowlist() -> None:
    """The hosts that may be reached at all."""


@allowlist.command()
@click.argument("domain")
@click.option("--private", multiple=True, metavar="CIDR", help="A private range that it may resolve to.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Extra certification authority, PEM.")
@click.option("--http", "plain_http", is_flag=True, help="Plain http, for loopback hosts only.")
@password_stdin
@output
def add(domain: str, private: tuple[str, ...], ca: Path | None, plain_http: bool, password_stdin: bool, output: str) -> None:
    """Allow a host; needs the account password."""
    control()
    extra = ca.read_text() if ca is not None else ""
    told = presence("allowlist.add", password_stdin=password_stdin, host=domain, private=private, ca=extra, plain_http=plain_http)
    print_json(told) if output == "json" else print(f"{told['domain']} may be reached.")


@allowlist.command()
@click.argument("domain")
@password_stdin
@output
def remove(domain: str, password_stdin: bool, output: str) -> None:
    """Take a host off the list; needs the account password."""
    control()
    told = presence("allowlist.remove", password_stdin=password_stdin, host=domain)
    print_json(told) if output == "json" else print(f"{told['domain']} may not be reached any more.")


@allowlist.command("list")
@output
def list_hosts(output: str) -> None:
    """List the hosts."""
    told = control().ask("/v1/allowlist")
    if output == "json":
        print_json(told)
    else:
        print_table(("Domain", "Private ranges"), [(host["domain"], " ".join(host["private"])) for host in told["allowlist"]])


@allowlist.command()
@output
def log(output: str) -> None:
    """Say what changed."""
    told = control().ask("/v1/allowlist/log")
    print_json(told) if output == "json" else print_table(("Change", "Domain"), [(c["change"], c["domain"]) for c in told["changes"]])


COMMANDS = {"workspace": workspace}
