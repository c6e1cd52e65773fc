"""``project create``, ``list``, ``use``."""

from __future__ import annotations

import click

from agentsecrets.cli.context import control, output
from agentsecrets.cli.printing import print_json, print_table
from agentsecrets.wire.messages import ProjectName


@click.group()
def project() -> None:
    """Projects of your workspace."""


@project.command()
@click.argument("name")
@output
def create(name: str, output: str) -> None:
    """Create a project and make it the active one."""
    told = control().ask("/v1/projects/create", ProjectName(name=name))
    print_json(told) if output == "json" else print(f"Project {told['project']} is created and active.")


@project.command()
@click.argument("name")
@output
def use(name: str, output: str) -> None:
    """Make a project the active one."""
    told = control().ask("/v1/projects/use", ProjectName(name=name))
    print_json(told) if output == "json" else print(f"Project {told['project']} is active.")


@project.command("list")
@output
def list_projects(output: str) -> None:
    """List projects."""
    told = control().ask("/v1/projects")
    if output == "json":
        print_json(told)
    else:
        print_table(("Name", "Active", "Id"), [(entry["name"], "*" if entry["active"] else "", entry["id"]) for entry in told["projects"]])


COMMANDS = {"project": project}
