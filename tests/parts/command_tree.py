"""Every command that there is, as the command line itself lists them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from agentsecrets.cli.full import ROOT

Words = tuple[str, ...]


def _walk(command: click.Command, words: Words) -> Iterator[tuple[Words, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _walk(below, (*words, name))


_EVERY = dict(_walk(ROOT, ()))
GROUPS = [words for words, command in _EVERY.items() if isinstance(command, click.Group)]
LEAVES: dict[Words, click.Command] = {words: command for words, command in _EVERY.items() if not isinstance(command, click.Group)}
"""What a person can run → the command, e.g. ``("secrets", "set")``."""


def flags(words: Words) -> set[str]:
    """The flags of a command."""
    return {flag for parameter in LEAVES[words].params if isinstance(parameter, click.Option) for flag in parameter.opts}


def asking() -> set[Words]:
    """The commands that ask a person something on a terminal, by the flag with which a script answers instead."""
    return {words for words in LEAVES if flags(words) & {"--password-stdin", "--yes"}}


def leaf(words: Words) -> Words:
    """Which command a command line runs; no words when it stops at a group."""
    return max((path for path in LEAVES if words[: len(path)] == path), key=len, default=())
