"""The command line: parse, ask, print. Groups are imported when they are used."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from agentsecrets import __version__
from agentsecrets.cli.printing import print_failure
from agentsecrets.errors import AgentSecretsError

_GROUPS = {
    "init": "account", "unlock": "account", "status": "account", "project": "project", "secrets": "secrets",
    "workspace": "workspace", "call": "call", "proxy": "proxy", "log": "log", "lock": "account", "demo": "demo",
}  # fmt: skip
"""Command by name, and the file of ``commands/`` that holds it."""


class LazyGroup(click.Group):
    """Imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Names of all commands."""
        return list(_GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's signature)
        """The command of a name."""
        if cmd_name not in _GROUPS:
            return None
        module = importlib.import_module(f"agentsecrets.cli.commands.{_GROUPS[cmd_name]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="agentsecrets")
def app() -> None:
    """Let AI agents operate credentials without ever seeing one."""


def main() -> NoReturn:
    """The program ``agentsecrets``; exits with the code of the failure's family."""
    try:
        app(standalone_mode=False)
    except AgentSecretsError as failure:
        print_failure(failure)
        sys.exit(failure.exit_code)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as misused:
        misused.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(0)
