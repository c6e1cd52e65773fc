"""``--workspace``, ``--project``, ``--environment`` and their variables: each of them goes where it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PRIVATE, Commands, commands
from tests.parts.tls import TlsUpstream

PLACES = [
    (workspace, project, environment)
    for workspace, project in (("personal", "shop"), ("personal", "other"), ("team", "shop"))
    for environment in ("development", "production")
]
HERE = PLACES[0]
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Way:
    """How a command is told its place.

    Attributes:
        names: Variables for workspace, project and environment; none for flags.
    """

    names: tuple[str, str, str] | None = None

    def words(self, place: Place) -> list[str]:
        """What stands on the command line."""
        return [] if self.names else ["--workspace", place[0], "--project", place[1], "--environment", place[2]]

    def variables(self, place: Place) -> dict[str, str]:
        """What stands in the environment."""
        return dict(zip(self.names, place, strict=True)) if self.names else {}


WAYS = {
    "flags": Way(),
    "variables": Way(("AGENTSECRETS_WORKSPACE", "AGENTSECRETS_PROJECT", "AGENTSECRETS_ENVIRONMENT")),
    "short": Way(("AGENTSECRETS_WORKSPACE", "AGENTSECRETS_PROJECT", "AS_ENV")),
}


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory, upstream: TlsUpstream) -> Iterator[Commands]:
    """Six places; in each a secret of the same name with a value of its own, and one with a name of its own. The folder is in the first."""
    with commands(tmp_path_factory.mktemp("six")) as person:
        person.run("project", "create", "other", "--no-folder")
        person.run("workspace", "create", "team", "--password-stdin", said=PASSWORD)
        person.run("project", "create", "shop", "--no-folder", "--workspace", "team")
        host, ca = upstream.origin.removeprefix("https://"), person.home / "ca.pem"
        ca.write_text(upstream.ca_pem)
        for workspace in ("personal", "team"):
            allow = ("workspace", "allowlist", "add", host, *PRIVATE, "--ca", str(ca), "--workspace", workspace, "--password-stdin")
            person.run(*allow, said=PASSWORD)
        for place in PLACES:
            both = json.dumps({"KEY": _value(place), _own(place): "of its own"})
            person.run("secrets", "import", "-", "--format", "json", *WAYS["flags"].words(place), said=both)
        yield person


def _own(place: Place) -> str:
    return "_".join(place).upper()


def _value(place: Place) -> str:
    return "value-of-" + "-".join(place)


def _names(person: Commands, place: Place) -> set[str]:
    return {line["key"] for line in person.ask("secrets", "list", *WAYS["flags"].words(place))}


def _run(person: Commands, *words: str, variables: dict[str, str], said: str = "") -> str:
    return person.run(*words, said=said, code=0, folder=None, **variables)


@pytest.mark.parametrize(("way", "place"), list(zip([*WAYS, *WAYS], PLACES, strict=True)))
def test_what_is_read_is_that_of_the_place(six: Commands, way: str, place: Place) -> None:
    words, variables = WAYS[way].words(place), WAYS[way].variables(place)
    status = json.loads(_run(six, "status", "--output", "json", *words, variables=variables))
    assert (status["workspace"], status["project"], status["environment"]) == place
    listed = json.loads(_run(six, "secrets", "list", "--output", "json", *words, variables=variables))
    assert {line["key"] for line in listed} == {"KEY", _own(place)}
    shown = _run(six, "secrets", "get", "KEY", "--password-stdin", *words, said=PASSWORD, variables=variables)
    assert shown == _value(place) + "\n"


@pytest.mark.parametrize(
    "words", [("secrets", "history", "KEY"), ("secrets", "import", "-", "--dry-run"), ("secrets", "pull")], ids=" ".join
)
def test_flags_and_variables_get_the_same_answer_and_the_folder_another(six: Commands, words: tuple[str, ...]) -> None:
    def said(way: str, place: Place) -> tuple[str, str]:
        named, variables = WAYS[way].words(place), WAYS[way].variables(place)
        ended = six.end(*words, "--output", "json", *named, said="A=some-value\n", folder=None, **variables)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout, ended.stderr

    assert said("flags", PLACES[5]) == said("variables", PLACES[5]) == said("short", PLACES[5]) != said("flags", HERE)


@pytest.mark.parametrize(("way", "place"), list(zip([*WAYS, *WAYS], PLACES, strict=True)))
def test_a_call_uses_the_value_of_the_place(six: Commands, way: str, place: Place, upstream: TlsUpstream) -> None:
    words, variables = WAYS[way].words(place), WAYS[way].variables(place)
    upstream.seen.clear()
    _run(six, "call", "--url", upstream.url("/echo"), "--bearer", "KEY", *words, variables=variables)
    assert upstream.seen[0].header("Authorization") == f"Bearer {_value(place)}"


@pytest.mark.parametrize(("way", "place"), list(zip(WAYS, PLACES[3:], strict=True)))
def test_a_command_gets_the_value_of_the_place(six: Commands, way: str, place: Place) -> None:
    words, variables = WAYS[way].words(place), WAYS[way].variables(place)
    command = ("env", "--no-mask", "--only", "KEY", "--password-stdin", *words, "--", "printenv", "KEY")
    assert _run(six, *command, said=PASSWORD, variables=variables) == _value(place) + "\n"


@pytest.mark.parametrize(("way", "place"), [("flags", PLACES[4]), ("variables", PLACES[3])])
def test_what_is_written_is_written_there_and_nowhere_else(six: Commands, way: str, place: Place) -> None:
    words, variables = WAYS[way].words(place), WAYS[way].variables(place)
    before = {one: _names(six, one) for one in PLACES}

    def run(*command: str, said: str = "") -> str:
        return _run(six, *command, *words, said=said, variables=variables)

    run("secrets", "set", "NEW=-", said="one-value")
    run("secrets", "set", "NEW=-", said="another-value")
    assert {one: _names(six, one) for one in PLACES} == before | {place: before[place] | {"NEW"}}
    assert "│ 2 " in run("secrets", "history", "NEW")
    run("secrets", "rollback", "NEW")
    assert run("secrets", "get", "NEW", "--password-stdin", said=PASSWORD) == "one-value\n"
    run("secrets", "delete", "NEW")
    run("secrets", "restore", "NEW")
    run("secrets", "delete", "NEW")
    run("secrets", "import", "-", said="NEW=from-a-file\n")
    run("secrets", "delete", "NEW")
    assert {one: _names(six, one) for one in PLACES} == before


def test_a_flag_counts_before_a_variable_and_a_variable_before_the_folder(six: Commands) -> None:
    other = {"AGENTSECRETS_PROJECT": "other", "AGENTSECRETS_ENVIRONMENT": "production", "AS_ENV": "staging"}
    for words, variables, place in (
        ((), {}, HERE),
        ((), other, ("personal", "other", "production")),
        (("--project", "shop"), other, ("personal", "shop", "production")),
        (("--project", "shop", "--environment", "development"), other, HERE),
        ((), {"AGENTSECRETS_ENV": "production", "AS_ENV": "staging"}, ("personal", "shop", "production")),
    ):
        status = json.loads(_run(six, "status", "--output", "json", *words, variables=variables))
        assert (status["workspace"], status["project"], status["environment"]) == place


@pytest.mark.parametrize(
    ("variable", "slug"),
    [
        ("AGENTSECRETS_WORKSPACE", "workspace_not_found"),
        ("AGENTSECRETS_PROJECT", "project_not_found"),
        ("AGENTSECRETS_ENVIRONMENT", "bad_usage"),
    ],
)
def test_a_variable_that_names_nothing_is_refused(six: Commands, variable: str, slug: str) -> None:
    ended = six.end("secrets", "list", "--output", "json", folder=None, **{variable: "nothing-of-that-name"})
    assert json.loads(ended.stdout)["error"] == slug


def test_another_home_is_another_account(six: Commands, tmp_path: Path) -> None:
    ended = six.end("status", "--output", "json", AGENTSECRETS_HOME=str(tmp_path / "empty"))
    assert json.loads(ended.stdout)["error"] == "no_account"
