"""``project create``, ``list``, ``use``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Document, Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.errors import BadUsage, FileExists
from agentsecrets.wire.messages import Named, ProjectName, Renamed

_FILE = ".agentsecrets/project.json"
_OUR_MARK = b'"project_id"'

PROJECT = LazyGroup(
    "project",
    short_help="Create, list and choose projects.",
    help="A project holds the secrets of one service, for development, staging and production.",
    sources={
        "create": "project:create",
        "list": "project:show",
        "use": "project:use",
        "update": "project:update",
        "delete": "project:delete",
        "restore": "project:restore",
    },
)
_no_folder = click.option("--no-folder", is_flag=True, help="Write no project file here; only make it the active project.")


@click.command("create", short_help="Create a project for this folder.")
@click.argument("name")
@_no_folder
@with_errand
def create(errand: Errand, name: str, no_folder: bool) -> None:
    """Create a project, and bind this folder to it with .agentsecrets/project.json (ids and names, safe to commit)."""
    _check_file(no_folder=no_folder)
    made = errand.ask("/v1/projects/create", ProjectName(name=name, bind=not no_folder))
    errand.tell(*_told(errand, made, f"Created project {made['project']}; it is the active one.\n"))


@click.command("list", short_help="List the projects of the workspace.")
@with_errand
def show(errand: Errand) -> None:
    """List the projects of the workspace; the active one, which counts where a folder has no project file, is marked."""
    found = errand.ask("/v1/projects")
    projects = found["projects"]
    for name in found["deleted"]:
        errand.note(f"deleted: {name}; for 30 days it comes back with: agentsecrets project restore {shlex.quote(name)}")
    rows = [[project["name"], "active" if project["active"] else "", project["id"]] for project in projects]
    errand.tell_table(projects, ["Name", "Use", "Id"], rows)


@click.command("use", short_help="Choose a project for this folder, or trust its project file.")
@click.argument("name", default="", shell_complete=completing.projects)
@_no_folder
@password_stdin
@with_errand
def use(errand: Errand, name: str, no_folder: bool, password_stdin: bool) -> None:
    """Choose a project for this folder.

    Without NAME: accept the project file that somebody else wrote into this folder or one above it. That needs the account password,
    because the file decides which secrets a call may use.
    """
    if not name:
        _accept(errand, password_stdin=password_stdin)
        return
    if password_stdin:
        raise BadUsage(problem="no password is needed to choose a project by its name")
    _check_file(no_folder=no_folder)
    chosen = errand.ask("/v1/projects/use", ProjectName(name=name, bind=not no_folder))
    errand.tell(*_told(errand, chosen, f"Using project {chosen['project']}, environment {chosen['environment']}.\n"))


@click.command("update", short_help="Give a project another name.")
@click.argument("name", shell_complete=completing.projects)
@click.option("--name", "to", required=True, metavar="NEW", help="The new name.")
@with_errand
def update(errand: Errand, name: str, to: str) -> None:
    """Give a project another name. Folders stay bound to it: they name it by its id."""
    told = errand.ask("/v1/projects/rename", Renamed(name=name, to=to))
    errand.tell(told, f"Project {told['before']} is called {told['project']} now.\n")


@click.command("delete", short_help="Delete a project with all its secrets.")
@click.argument("name", shell_complete=completing.projects)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_errand
def delete(errand: Errand, name: str, yes: bool) -> None:
    """Delete a project with the secrets of all its environments. For 30 days `project restore` brings it back."""
    errand.confirm(f"Delete project {name} with the secrets of all its environments?", agreed=yes)
    told = errand.ask("/v1/projects/delete", Named(name=name))
    errand.tell(told, f"Deleted project {told['project']}.\n")
    errand.note(f"for 30 days it comes back with: agentsecrets project restore {shlex.quote(told['project'])}")


@click.command("restore", short_help="Bring a deleted project back.")
@click.argument("name")
@with_errand
def restore(errand: Errand, name: str) -> None:
    """Bring back a project that was deleted less than 30 days ago, with its secrets."""
    told = errand.ask("/v1/projects/restore", Named(name=name))
    errand.tell(told, f"Project {told['project']} is back.\n")


def _accept(errand: Errand, *, password_stdin: bool) -> None:
    found = errand.ask("/v1/folder")
    if found["trusted"]:
        errand.tell(found, f"{found['path']} is trusted already.\n")
        return
    word = errand.presence("trust", password_stdin=password_stdin)
    errand.tell(word, f"{word['path']} is trusted: project {word['project']}, environment {word['environment']}.\n")


def _check_file(*, no_folder: bool) -> None:
    """Refuses to write over what is not a project file.

    Raises:
        FileExists
    """
    file = Path.cwd() / _FILE
    if not no_folder and (file.is_symlink() or (file.exists() and _OUR_MARK not in file.read_bytes())):
        raise FileExists(path=file)


def _told(errand: Errand, chosen: Document, text: str) -> tuple[Document, str]:
    """Writes the project file, if there is one to write, and says so."""
    if "content" not in chosen:
        return chosen, text
    if not errand.write_project_file(chosen):
        errand.note("note: the project is the active one all the same")
        return chosen, text
    return chosen, f"{text}This folder is bound to it by {_FILE}.\n"
