"""A name that does not exist: the refusal names the nearest that does, for commands, flags, secrets, projects, workspaces and hosts."""

from __future__ import annotations

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands

TYPED = "sk_live_51HxQ7zvBqLm9"
"""Something that was pasted in the wrong place."""


@pytest.fixture(scope="module")
def known(settled: Commands) -> Commands:
    """A project with one secret, and one host on the allowlist."""
    settled.run("secrets", "set", "STRIPE_KEY=-", said=VALUE)
    settled.run("secrets", "set", "OLD_KEY=-", said=VALUE)
    settled.run("secrets", "delete", "OLD_KEY")
    settled.run("workspace", "allowlist", "add", "api.example.com", "--password-stdin", said=PASSWORD)
    return settled


@pytest.mark.parametrize(
    "words",
    [
        ("secrets", "delete", "STRIPE_KY"),
        ("secrets", "history", "stripe_key"),
        ("secrets", "rollback", "STRIPE_KEYS"),
        ("secrets", "get", "STRIPE_KY", "--password-stdin"),
        ("env", "--only", "STRIPE_KY", "--password-stdin", "--", "true"),
    ],
)
def test_a_secret(known: Commands, words: tuple[str, ...]) -> None:
    ended = known.end(*words, said=PASSWORD)
    assert ended.returncode == 5
    assert "did you mean STRIPE_KEY?" in ended.stderr
    assert "agentsecrets secrets list" in ended.stderr


def test_an_agent_that_calls_is_told_too(known: Commands) -> None:
    told = known.end("call", "--url", "https://api.example.com/", "--bearer", "STRIPE_KY")
    assert told.returncode == 5
    assert "did you mean STRIPE_KEY?" in told.stderr


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("project", "use", "shpo"), "shop"),
        (("project", "delete", "Shop", "--yes"), "shop"),
        (("status", "--project", "shops", "--workspace", "personal"), ""),
        (("secrets", "list", "--project", "shops"), "shop"),
        (("secrets", "list", "--workspace", "personel"), "personal"),
        (("workspace", "switch", "persona"), "personal"),
        (("workspace", "allowlist", "remove", "api.exmaple.com", "--password-stdin"), "api.example.com"),
        (("secrets", "restore", "OLD_KY"), "OLD_KEY"),
    ],
)
def test_a_project_a_workspace_a_host_or_a_deleted_secret(known: Commands, words: tuple[str, ...], near: str) -> None:
    ended = known.end(*words, said=PASSWORD)
    assert (ended.returncode == 5) == bool(near)
    assert (f"did you mean {near}?" in ended.stderr) == bool(near)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("secret", "list"), "agentsecrets secrets"),
        (("secrets", "lst"), "agentsecrets secrets list"),
        (("workspace", "allowlist", "ad"), "agentsecrets workspace allowlist add"),
        (("secrets", "list", "--projct", "shop"), "--project"),
        (("doctor", "--outptu", "json"), "--output"),
    ],
)
def test_a_command_or_a_flag(known: Commands, words: tuple[str, ...], near: str) -> None:
    ended = known.end(*words)
    assert ended.returncode == 2
    assert "did you mean" in ended.stderr
    assert near in ended.stderr


@pytest.mark.parametrize("words", [("secrets", "list", "--environment", "prod"), ("environment", "switch", "develop")])
def test_an_environment_is_named_with_the_others(known: Commands, words: tuple[str, ...]) -> None:
    assert "development, staging, production" in known.run(*words, code=2)


def test_what_is_pasted_in_the_place_of_a_command_or_a_flag_is_not_repeated(known: Commands) -> None:
    for words in ((TYPED,), ("secrets", TYPED), ("secrets", "list", f"--{TYPED}"), ("status", TYPED), ("secrets", "list", TYPED)):
        ended = known.end(*words)
        assert ended.returncode == 2
        assert TYPED not in ended.stdout + ended.stderr
        assert "hint:" in ended.stderr
