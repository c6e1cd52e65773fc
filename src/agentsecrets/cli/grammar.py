"""The shapes that all commands share: groups that load a file when it is used, and the flags that every command takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NoReturn

import click

from agentsecrets.cli import flags
from agentsecrets.cli.completing import of_flag
from agentsecrets.cli.errand import Errand
from agentsecrets.errors import BadUsage

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are named.

    Args:
        sources: Name of a command → module and attribute below ``agentsecrets.cli.commands``, e.g. ``"account:init"``.
        aliases: Other names that are understood and not listed.
    """

    def __init__(self, *arguments: Any, sources: Mapping[str, str], aliases: Mapping[str, str] | None = None, **settings: Any) -> None:
        super().__init__(*arguments, context_settings=SETTINGS, **settings)
        self._sources, self._aliases = sources, aliases or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names, in the order in which they were given."""
        return list(self._sources)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's signature)
        """Imports one command."""
        source = self._sources.get(self._aliases.get(cmd_name, cmd_name))
        if source is None:
            return None
        module, _, attribute = source.partition(":")
        command = getattr(import_module(f"agentsecrets.cli.commands.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command that the first word names. An unknown word is not repeated: it may be a value in the wrong place.

        Raises:
            BadUsage
        """
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            _refuse_word(ctx, args[0], [*self._sources, *self._aliases])
        return super().resolve_command(ctx, args)


def _refuse_word(ctx: click.Context, word: str, names: list[str]) -> NoReturn:
    from difflib import get_close_matches

    near = get_close_matches(word, names, n=1)
    suggestion = f"; did you mean `{ctx.command_path} {near[0]}`?" if near else f": see `{ctx.command_path} --help`"
    raise BadUsage(problem=f"there is no such command{suggestion}")


def with_errand(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Adds the flags that every command takes, and hands the command an ``Errand`` first."""

    def run(output: str, workspace: str, project: str, environment: str, **given: Any) -> int | None:
        return command(Errand(output == "json", project, environment, workspace), **given)

    run.__doc__, run.__name__ = command.__doc__, command.__name__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for flag in reversed(flags.STATUS):
        run = option(flag)(run)
    return run


def option(flag: flags.Flag) -> Callable[[Any], Any]:
    """A click option from one row of the table of flags."""
    name, often, metavar, words = flag
    if name == "--output":
        return click.option(name, type=click.Choice(flags.OUTPUTS), default="text", help=words)
    many = often == flags.MANY
    return click.option(name, metavar=metavar, help=words, multiple=many, default=() if many else "", **of_flag(name, metavar))


def password_stdin(command: Any) -> Any:
    """Adds the flag that takes the password from standard input."""
    return click.option("--password-stdin", is_flag=True, help="Read the account password from standard input.")(command)
