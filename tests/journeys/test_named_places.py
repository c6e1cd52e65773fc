"""Flags and variables name a place, the same on every command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands, commands


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with commands(tmp_path_factory.mktemp("person")) as ready:
        ready.run("workspace", "create", "second", "--password-stdin", said=PASSWORD)
        ready.run("project", "create", "other", "--no-folder", "--workspace", "second")
        ready.run("secrets", "set", "OTHER_KEY=-", "--workspace", "second", "--project", "other", "--environment", "staging", said=VALUE)
        ready.run("workspace", "switch", "personal")
        ready.run("secrets", "set", "STRIPE_KEY=-", said=VALUE)
        yield ready


_VARIABLES = {"AGENTSECRETS_WORKSPACE": "second", "AGENTSECRETS_PROJECT": "other", "AGENTSECRETS_ENVIRONMENT": "staging"}
_FLAGS = ("--workspace", "second", "--project", "other", "--environment", "staging")
_WORDS = [
    ("secrets", "list"),
    ("secrets", "history", "OTHER_KEY"),
    ("secrets", "import", "-", "--dry-run"),
    ("secrets", "pull"),
    ("status",),
]


@pytest.mark.parametrize("words", _WORDS, ids=" ".join)
def test_a_place_is_named_by_flags_or_by_variables(person: Commands, words: tuple[str, ...]) -> None:
    by_flags = person.end(*words, *_FLAGS, "--output", "json", said="A=some-value\n")
    by_variables = person.end(*words, "--output", "json", said="A=some-value\n", folder=None, **_VARIABLES)
    here = person.end(*words, "--output", "json", said="A=some-value\n")
    assert by_flags.returncode == by_variables.returncode == 0
    assert by_flags.stderr == by_variables.stderr
    assert (by_flags.stdout, by_flags.stderr) != (here.stdout, here.stderr)
    if words != ("status",):  # which tells how long it has been running
        assert by_flags.stdout == by_variables.stdout


@pytest.mark.parametrize("variable", ["AGENTSECRETS_ENVIRONMENT", "AGENTSECRETS_ENV", "AS_ENV"])
def test_a_flag_counts_before_a_variable(person: Commands, variable: str) -> None:
    for flags, environment in (((), "staging"), (("--environment", "production"), "production")):
        ended = person.end("secrets", "pull", "--output", "json", *flags, folder=None, said="", **{variable: "staging"})
        assert f'"environment": "{environment}"' in ended.stdout
