"""``service install``, ``status``, ``run``, ``uninstall``."""

from __future__ import annotations

import click

from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, with_errand
from agentsecrets.errors import NoService, NotReady
from agentsecrets.service import keeping, ownership
from agentsecrets.service.install import LINK, installing
from agentsecrets.service.removal import removing
from agentsecrets.service.standing import standing
from agentsecrets.service.step import take
from agentsecrets.service.system import check_system, has_systemd
from agentsecrets.wire.service import PROGRAM
from agentsecrets.wire.tables import pairs

SERVICE = LazyGroup(
    "service",
    short_help="Give the vault a user of its own (level isolated).",
    help="The service of this machine: daemon, vault and program under a user of their own, so that no agent's user can reach them.",
    sources={"install": "service:install", "status": "service:status", "run": "service:run", "uninstall": "service:uninstall"},
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
    errand.note(f"next: sudo {LINK if LINK.exists() else PROGRAM + '/bin/agentsecrets'} init")


_BY_HAND = f"{PROGRAM}/bin/agentsecrets service run"


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
