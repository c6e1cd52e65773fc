"""Every command takes the flags that name a place and the form of the answer, and says in its help what it does."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from agentsecrets.cli.full import ROOT


def _tree(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _tree(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_tree(ROOT))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_takes_the_flags_of_all(path: tuple[str, ...]):
    flags = {flag for parameter in COMMANDS[path].params for flag in parameter.opts}
    assert {"--workspace", "--project", "--environment", "--output"} <= flags


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_and_each_of_its_flags_say_what_they_are_for(path: tuple[str, ...]):
    command = COMMANDS[path]
    assert command.short_help
    assert command.help
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))
