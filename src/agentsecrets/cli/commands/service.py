"""``service install``, ``adopt``, ``release``, ``status``, ``run``, ``uninstall``."""

from __future__ import annotations

from pathlib import Path

import click

from agentsecrets.cli import completing
from agentsecrets.cli.commands.account import PORT
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.errors import NoService, NotReady, PresenceRequired
from agentsecrets.service import keeping, ownership
from agentsecrets.service.install import LINK, installing
from agentsecrets.service.moving import move
from agentsecrets.service.removal import removing
from agentsecrets.service.standing import standing
from agentsecrets.service.step import take
from agentsecrets.service.system import check_system, has_systemd
from agentsecrets.wire.service import PROGRAM, STATE
from agentsecrets.wire.tables import pairs

_FOLDER = "The state folder of USER; .agentsecrets in the home folder by default."

SERVICE = LazyGroup(
    "service",
    short_help="Give the vault a user of its own (level isolated).",
    help="The service of this machine: daemon, vault and program under a user of their own, so that no agent's user can reach them.",
    sources={
        "install": "service:install",
        "adopt": "service:adopt",
        "release": "service:release",
        "status": "service:status",
        "run": "service:run",
        "uninstall": "service:uninstall",
    },
)


@click.command("install", short_help="Install the service, or replace it.")
@click.option("--user", "users", multiple=True, metavar="NAME", help="Who may use it: the user that your agents run as; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@with_errand
def install(errand: Errand, users: tuple[str, ...], dry_run: bool) -> None:
    """Install the service: a user `agentsecrets`, root's own copy of this program, a systemd unit, and a socket for members of its group.

    Needs root. What is done already is not done again, so the command also repairs and replaces. It trusts the program that it is run from:
    run it from an installation that no agent could change.
    """
    check_system(changes=not dry_run)
    ownership.check_users(users)
    taken = take(installing(users), lambda words: errand.note(f"{'would ' if dry_run else ''}{words}"), dry_run=dry_run)
    told = {"installed": not dry_run, "steps": taken, "members": ownership.members(), "start": "" if has_systemd() else _BY_HAND}
    errand.tell(told, "Nothing was changed.\n" if dry_run else "The service is installed.\n")
    if dry_run:
        return
    if not has_systemd():
        errand.note(f"systemd does not run here; start the service with: sudo {_BY_HAND}")
    if not ownership.members():
        errand.note("nobody may use it yet: sudo agentsecrets service install --user NAME")
    for who in ownership.who_can_become_root():
        errand.note(f"warning: {who} can probably become root, and root gets at the vault: give your agents a user who cannot")
    command = LINK if LINK.exists() else f"{PROGRAM}/bin/agentsecrets"
    errand.note(f"next: sudo {command} init; or, to move a vault that a user has already: sudo {command} service adopt USER")


_BY_HAND = f"{PROGRAM}/bin/agentsecrets service run"


@click.command("adopt", short_help="Move a user's vault into the service.")
@click.argument("user")
@click.option("--home", "folder", default="", metavar="FOLDER", shell_complete=completing.files, help=_FOLDER)
@click.option("--port", type=PORT, help="The port of the proxy, 8765 by default.")
@password_stdin
@with_errand
def adopt(errand: Errand, user: str, folder: str, port: int | None, password_stdin: bool) -> None:
    """Move the vault of USER into the service: secrets, bindings, projects and the log, with the account and its password.

    Needs root and the account password. The daemon of USER ends. The sealed files are copied; what USER has of them, and an item in USER's
    keychain, is removed once the service has opened its own. A move that was cut off is finished by the same command.
    """
    check_system(changes=True)
    _check_person(errand, password_stdin=password_stdin)
    moved = move("adopt", user, folder, password_stdin=password_stdin, port=port, remember_port=port is not None)
    errand.tell(moved, f"The vault of {moved['email']} belongs to the service now; the proxy listens on 127.0.0.1:{moved['port']}.\n")
    if moved["items_left"]:
        errand.note(
            f"note: the keychain of {user} did not let go of an item; it opens nothing any more, unless somebody has copied the vault"
        )
    if user not in ownership.members():
        errand.note(f"{user} may not use it yet: sudo agentsecrets service install --user {user}")
    errand.note("note: what could be had while the vault was in reach stays so: renew the secrets that matter at their providers")


@click.command("release", short_help="Move the vault of the service to a user.")
@click.argument("user")
@click.option("--home", "folder", default="", metavar="FOLDER", shell_complete=completing.files, help=_FOLDER)
@password_stdin
@with_errand
def release(errand: Errand, user: str, folder: str, password_stdin: bool) -> None:
    """Move the vault of the service into the state folder of USER, for protection guarded from then on: before the service is removed.

    Needs root and the account password. There it lies as after a logout, and `agentsecrets login` brings it back. A sealed copy stays with
    the service until `service uninstall --purge`.
    """
    check_system(changes=True)
    _check_person(errand, password_stdin=password_stdin)
    moved = move("release", user, folder, password_stdin=password_stdin)
    errand.tell(moved, f"The vault of {moved['email']} is with {user} now. A sealed copy stays in {moved['kept']}.\n")
    errand.note(f"next: sudo agentsecrets service uninstall; then, as {user}: agentsecrets login")


def _check_person(errand: Errand, *, password_stdin: bool) -> None:
    if not password_stdin and not errand.has_person:
        raise PresenceRequired


@click.command("status", short_help="Say how the service stands.")
@with_errand
def status(errand: Errand) -> int:
    """Say what is installed, whether it runs, who may use it, and what is wrong. The exit status is 3 when something is."""
    check_system(changes=False)
    told = standing()
    lines = [
        ("Service", "installed" if told["installed"] else "half installed"),
        ("Program", f"{told['program']}, version {told['version'] or 'unknown'}"),
        ("Runs as", told["user"]),
        ("Started by", f"systemd{'' if told['enabled'] else ', not with the machine'}" if told["supervisor"] else "hand"),
        ("Members", ", ".join(told["members"]) or "none"),
        ("Daemon", _daemon(told)),
        *(("Problem", problem) for problem in told["problems"]),
        *(("Warning", warning) for warning in told["warnings"]),
    ]
    errand.tell(told, pairs(lines))
    return NotReady.exit_code if told["problems"] else 0


def _daemon(told: dict[str, object]) -> str:
    if not told["answers"]:
        return "does not answer"
    return f"answers, {'locked' if told['locked'] else 'open'}, protection {told['protection']}, port {told['port']}"


@click.command("run", short_help="Run the service here, where no systemd does.")
@with_errand
def run(errand: Errand) -> None:  # noqa: ARG001  (every command takes one)
    """Run the service in the foreground, as its own user: for a container, or another supervisor than systemd.

    Needs root, to become that user.
    """
    check_system(changes=True)
    keeping.run_here()


@click.command("uninstall", short_help="Remove the service; the vault stays.")
@click.option("--purge", is_flag=True, help="Remove the vault too, with every secret in it, and the user.")
@click.option("--yes", is_flag=True, help="Do not ask before a purge.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@with_errand
def uninstall(errand: Errand, purge: bool, yes: bool, dry_run: bool) -> None:
    """Stop the service and remove its program and its unit.

    The vault and its user stay, for an installation later, unless --purge is given.
    """
    check_system(changes=not dry_run)
    if purge and not dry_run:
        errand.confirm("Remove the vault of this machine, with every secret in it?", agreed=yes)
    taken = take(removing(purge=purge), lambda words: errand.note(f"{'would ' if dry_run else ''}{words}"), dry_run=dry_run)
    if not taken:
        raise NoService
    told = {"installed": dry_run, "steps": taken, "purged": purge and not dry_run}
    errand.tell(told, "Nothing was changed.\n" if dry_run else "The service is removed.\n")
    if not dry_run and Path(STATE, "audit.db").exists():
        errand.note(f"the vault stays in {STATE}; a later installation has it again, and `service release` moves it to a user")
