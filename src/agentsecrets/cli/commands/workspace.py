"""``workspace create``, ``list``, ``switch``; ``workspace allowlist add``, ``remove``, ``list``, ``log``."""

from __future__ import annotations

from pathlib import Path

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.errors import BadUsage
from agentsecrets.wire.messages import Named

WORKSPACE = LazyGroup(
    "workspace",
    short_help="Create and choose workspaces, and say which hosts may be reached.",
    help="What projects share: the hosts that may be reached, and the keys. Every account begins with a personal one.",
    sources={"create": "workspace:create", "list": "workspace:shown", "switch": "workspace:switch", "allowlist": "workspace:ALLOWLIST"},
)
ALLOWLIST = LazyGroup(
    "allowlist",
    short_help="Add, remove and list the hosts that may be reached.",
    help="The hosts that calls may reach at all. An empty list means that nothing may be reached.",
    sources={"add": "workspace:add", "remove": "workspace:remove", "list": "workspace:show", "log": "workspace:history"},
)


@click.command("create", short_help="Create a workspace.")
@click.argument("name")
@password_stdin
@with_errand
def create(errand: Errand, name: str, password_stdin: bool) -> None:
    """Create a workspace with keys and an allowlist of its own, and use it. Its first entry is signed, so this needs the password."""
    made = errand.presence("workspace.create", password_stdin=password_stdin, name=name)
    errand.ask("/v1/workspaces/switch", Named(name=made["id"]))
    errand.tell(made, f"Created workspace {made['workspace']}; it is the active one.\n")


@click.command("list", short_help="List your workspaces.")
@with_errand
def shown(errand: Errand) -> None:
    """List your workspaces; the one that commands here use is marked."""
    found = errand.ask("/v1/workspaces")["workspaces"]
    rows = [[line["name"], "active" if line["active"] else "", line["role"], str(line["projects"])] for line in found]
    errand.tell_table(found, ["Name", "Use", "Role", "Projects"], rows)


@click.command("switch", short_help="Choose the workspace that commands use.")
@click.argument("name", shell_complete=completing.workspaces)
@with_errand
def switch(errand: Errand, name: str) -> None:
    """Choose a workspace, for wherever no folder says otherwise."""
    told = errand.ask("/v1/workspaces/switch", Named(name=name))
    errand.tell(told, f"Using workspace {told['workspace']}.\n")


@click.command("add", short_help="Allow calls to hosts.")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST[:PORT]...")
@click.option("--private", multiple=True, metavar="CIDR", help="A range outside the public internet that the hosts may resolve to.")
@click.option(
    "--ca",
    metavar="FILE",
    shell_complete=completing.files,
    help="A certification authority (PEM) to accept for these hosts besides the system's.",
)
@click.option("--http", "plain_http", is_flag=True, help="Allow plain http; for loopback hosts only.")
@password_stdin
@with_errand
def add(errand: Errand, hosts: tuple[str, ...], private: tuple[str, ...], ca: str | None, plain_http: bool, password_stdin: bool) -> None:
    """Allow calls to hosts. Each entry is signed, so this needs the account password."""
    pem = _read_ca(ca) if ca else ""
    listed = errand.presence("allowlist.add", password_stdin=password_stdin, hosts=hosts, private=private, ca=pem, plain_http=plain_http)
    errand.tell(listed, f"May be reached now: {', '.join(listed['domains'])}.\n")


@click.command("remove", short_help="Take hosts from the list.")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST[:PORT]...", shell_complete=completing.domains)
@password_stdin
@with_errand
def remove(errand: Errand, hosts: tuple[str, ...], password_stdin: bool) -> None:
    """Take hosts from the list. Needs the account password."""
    gone = errand.presence("allowlist.remove", password_stdin=password_stdin, hosts=hosts)
    errand.tell(gone, f"May not be reached any more: {', '.join(gone['domains'])}.\n")


@click.command("list", short_help="List the hosts that may be reached.")
@with_errand
def show(errand: Errand) -> None:
    """List the hosts that may be reached, and what is special about each."""
    domains = errand.ask("/v1/allowlist")["allowlist"]
    rows = [
        [
            line["domain"],
            ", ".join([*line["private"], *(["plain http"] if line["http"] else []), *(["own CA"] if line["ca"] else [])]),
        ]
        for line in domains
    ]
    errand.tell_table(domains, ["Domain", "Also allowed"], rows)


@click.command("log", short_help="Show changes of the list, and blocked attempts.")
@with_errand
def history(errand: Errand) -> None:
    """Show who changed the list and when, and which calls it has stopped."""
    lines = errand.ask("/v1/allowlist/log")["changes"]
    rows = [[line["timestamp"], line["what"], line["domain"], line["by"]] for line in lines]
    errand.tell_table(lines, ["Time", "What", "Domain", "By"], rows)


def _read_ca(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError as failure:
        raise BadUsage(problem=f"the CA file cannot be read: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise BadUsage(problem="the CA file is not PEM") from None
