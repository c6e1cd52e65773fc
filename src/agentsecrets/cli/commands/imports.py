"""``secrets import`` and ``push``, ``pull``, ``diff``: many secrets at once. This process opens a file and never reads it."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Document, Errand
from agentsecrets.cli.grammar import with_errand
from agentsecrets.cli.progress import shown
from agentsecrets.errors import BadUsage, FileUnreadable, SecretsExist
from agentsecrets.model.place import ENVIRONMENTS
from agentsecrets.model.secret import some_of
from agentsecrets.wire.messages import NamesOf
from agentsecrets.wire.tables import marked

_STDIN = 0
_NO_SERVER = "this account has no server"
_CHOICE = click.Choice(ENVIRONMENTS)


@click.command("import", short_help="Store all secrets of a .env or JSON file.")
@click.argument("path", metavar="FILE|-", shell_complete=completing.files)
@click.option(
    "--format", "form", type=click.Choice(("env", "json")), help="How the file is written; by its name, .json or not, when left out."
)
@click.option("--overwrite", is_flag=True, help="Names that have a value already get a new version.")
@click.option("--skip", is_flag=True, help="Names that have a value already are left alone.")
@click.option("--dry-run", is_flag=True, help="Read the file and show the names; store nothing.")
@with_errand
def bring_in(errand: Errand, path: str, form: str | None, overwrite: bool, skip: bool, dry_run: bool) -> None:
    """Store every secret of a file, all of them or none: at the first line that is not clear, nothing is.

    A .env file has NAME=value lines, a JSON file one flat object of texts. The rules are in docs/how-to/import.md.
    """
    if overwrite and skip:
        raise BadUsage(problem="--overwrite and --skip exclude each other")
    existing = "overwrite" if overwrite else "skip" if skip else "refuse"
    source = _opened(errand, path)
    told = _imported(errand, path, source, form or ("json" if path.endswith(".json") else "env"), existing, dry_run=dry_run)
    if dry_run and existing == "refuse" and told["updated"]:
        raise SecretsExist(environment=told["environment"], keys=some_of(told["updated"]))
    _tell(errand, told, dry_run=dry_run)
    if path != "-" and not dry_run:
        errand.note(f"the values still stand in that file; when you need it no more: rm {_word(path)}")


@click.command("push", short_help="Store the folder's .env file, and upload it where there is a server.")
@click.option("--force", is_flag=True, help="Also over what others have pushed; a local account has no others.")
@with_errand
def push(errand: Errand, force: bool) -> None:  # noqa: ARG001  (for accounts with a server)
    """Store every secret of the .env file of this folder, names that are there already as new versions.

    The file is .env for development and .env.staging or .env.production for the others. A local account has no server to upload to.
    """
    place = errand.ask("/v1/place")
    name = ".env" if place["environment"] == "development" else f".env.{place['environment']}"
    path = Path(errand.folder, name)
    if path.exists():
        _tell(errand, _imported(errand, name, _opened(errand, str(path)), "env", "overwrite"))
    else:
        errand.note_place(place)
        errand.tell({"created": [], "updated": [], "skipped": [], "empty": [], **place}, f"There is no {name} in this folder.\n")
    errand.note(f"nothing was uploaded: {_NO_SERVER}")


@click.command("pull", short_help="Fetch what others have pushed.")
@click.option("--force", is_flag=True, help="Also over your own changes; a local account has nothing to fetch.")
@with_errand
def pull(errand: Errand, force: bool) -> None:  # noqa: ARG001  (for accounts with a server)
    """Fetch what others have pushed. A local account has no server, so there is nothing to fetch."""
    place = errand.ask("/v1/place")
    errand.note_place(place)
    errand.tell({"pulled": [], **place}, f"Nothing to pull: {_NO_SERVER}.\n")


@click.command("diff", short_help="Compare with the server, or two environments by their names.")
@click.option("--from", "one", type=_CHOICE, help="Compare the names of this environment …")
@click.option("--to", "other", type=_CHOICE, help="… with the names of this one.")
@with_errand
def diff(errand: Errand, one: str | None, other: str | None) -> None:
    """Compare with the server, which a local account does not have; or, with --from and --to, two environments by the names in them."""
    if not one and not other:
        place = errand.ask("/v1/place")
        errand.note_place(place)
        errand.tell({"local_only": [], "remote_only": [], "out_of_sync": []}, f"Nothing to compare: {_NO_SERVER}.\n")
        return
    if not one or not other or one == other:
        raise BadUsage(problem="--from and --to name two environments")
    covered = errand.ask("/v1/secrets/coverage")["coverage"]
    lacking = {key: one if one in there else other for key, there in sorted(covered.items()) if (one in there) != (other in there)}
    errand.tell_table(
        {
            "from_only": [key for key, has in lacking.items() if has == one],
            "to_only": [key for key, has in lacking.items() if has == other],
        },
        ["Key", "Only in"],
        [[key, marked(has)] for key, has in lacking.items()],
    )


def _opened(errand: Errand, path: str) -> int:
    """The descriptor of a file; whoever else may read that file is told of."""
    if path == "-":
        if errand.has_person:
            errand.note("warning: what you paste here stands on the screen; it ends with Ctrl-D on a line of its own")
        return _STDIN
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as failure:
        raise FileUnreadable(path=path, problem=failure.strerror or "unknown") from None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
        errand.note(f"warning: other users of this machine may read that file: chmod 600 {_word(path)}")
    return descriptor


def _imported(errand: Errand, path: str, source: int, form: str, existing: str, *, dry_run: bool = False) -> Document:
    with shown("reading and storing secrets"):
        told = errand.hand_over("import", path=path, format=form, existing=existing, dry_run=dry_run, value_fd=source)
    if "names" not in told:
        return told
    place = errand.ask("/v1/place")
    known = set(errand.ask("/v1/names", NamesOf(kind="key"))["names"])
    there = [key for key in told["names"] if key in known]
    outcome = {"created": [key for key in told["names"] if key not in known], "updated": [], "skipped": [], "empty": told["empty"]}
    return outcome | {"skipped" if existing == "skip" else "updated": there} | place


def _tell(errand: Errand, told: Document, *, dry_run: bool = False) -> None:
    errand.note_place(told)
    for key, bound in told.get("bound", {}).items():
        errand.note(f"{key} may go to {bound}, and nowhere else: its value says whose it is")
    for warning in told.get("warnings", ()):
        errand.note(f"warning: {warning['message']}")
    words = (("created", "new"), ("updated", "new version"), ("skipped", "left alone"), ("empty", "left out: no value"))
    rows = sorted([key, word] for outcome, word in words for key in told[outcome])
    errand.tell_table(told, ["Key", "Would be" if dry_run else "Is"], rows)


def _word(path: str) -> str:
    """A path as a word of a shell's command line, and no flag there."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
