"""Every command takes the flags that name a place and the form of the answer, and says in its help what it does."""

from __future__ import annotations

import click
import pytest

from tests.parts.command_tree import LEAVES, Words, flags


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_a_command_takes_the_flags_of_all(words: Words) -> None:
    assert {"--workspace", "--project", "--environment", "--output"} <= flags(words)


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_a_command_and_each_of_its_flags_say_what_they_are_for(words: Words) -> None:
    command = LEAVES[words]
    assert command.short_help
    assert command.help
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_no_mark_of_the_program_text_is_left_in_a_help(words: Words) -> None:
    shown = LEAVES[words].get_help(click.Context(LEAVES[words], info_name=" ".join(words)))
    assert not [mark for mark in ("\\", "\b", "``") if mark in shown]
