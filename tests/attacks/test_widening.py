"""An agent with a shell lets no key go where it may not go now: not by a verb, a name, a host, a value or an old word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from agentsecrets.client.control import Control, place_fields
from agentsecrets.errors import AgentSecretsError, HeadMoved, SignatureInvalid
from agentsecrets.wire.messages import BindingWanted, Signed
from tests.parts.commands import PASSWORD, VALUE, Commands, commands

BY_PASSWORD = "--password-stdin"
HELD = ["api.example.com as header:X-Key GET /v1"]
BODY = "q7Zp3xVt9KdRmLw3hYc5" * 3
GITHUB, GROQ = "gh" + "p_" + BODY[:36], "gs" + "k_" + BODY[:52]
UNKNOWN = "q7Zp-Lw3xVt9KdRm-of-nobody-known"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """A key that a person has bound wide, and then narrow; from then on nobody is there."""
    with commands(tmp_path_factory.mktemp("agent")) as ready:
        ready.run("secrets", "set", "KEY=-", said=VALUE)
        ready.run("secrets", "set", "KEY=-", said=VALUE + "new")
        wide = ("--host", "*.example.com", "--host", "gist.github.com", "--header", "X-Key")
        ready.run("secrets", "bind", "KEY", *wide, BY_PASSWORD, said=PASSWORD)
        narrow = ("--host", "api.example.com", "--method", "GET", "--path", "/v1")
        ready.run("secrets", "bind", "KEY", *narrow)
        yield ready


def held(agent: Commands) -> list[str]:
    """Where the key may go."""
    return [line["bound"] for line in agent.ask("secrets", "bindings", "KEY")]


def stored(agent: Commands) -> list[bytes]:
    """Every binding on the disk, read as an agent of the same user can."""
    with sqlite3.connect(f"file:{agent.home / 'state.db'}?mode=ro", uri=True) as file:
        return [envelope for (envelope,) in file.execute("SELECT envelope FROM bindings")]


@pytest.mark.parametrize(
    "words",
    [
        ("bind", "KEY", "--host", "gist.github.com"),
        ("bind", "KEY", "--host", "*.example.com"),
        ("bind", "KEY", "--host", "api.example.com", "--host", "upload.example.com"),
        ("bind", "KEY", "--host", "api.example.com:8443"),
        ("bind", "KEY", "--host", "xn--pi-7kc.example.com"),
        ("bind", "KEY", "--bearer"),
        ("bind", "KEY", "--header", "X-Other"),
        ("bind", "KEY", "--style", "body", "--target", "files.a.content"),
        ("bind", "KEY", "--method", "GET", "--method", "POST"),
        ("bind", "KEY", "--any-method"),
        ("bind", "KEY", "--any-path"),
        ("bind", "KEY", "--path", "/"),
        ("bind", "KEY", "--path", "/v"),
        ("bind", "KEY", "--path", "/v1", "--path", "/v2"),
        ("bind", "KEY", "--for", "github"),
        ("bind", "FRESH", "--host", "api.example.com", "--bearer"),
        ("unbind", "KEY"),
        ("set", f"KEY={GITHUB}", "--for", "github"),
        ("set", f"FRESH={GITHUB}", "--for", "api.example.com", "--bearer"),
    ],
)
def test_every_word_that_widens_asks_for_a_person_and_changes_nothing(agent: Commands, words: tuple[str, ...]) -> None:
    versions = {line["key"]: line["version"] for line in agent.ask("secrets", "list")}
    refused = agent.ask("secrets", *words, code=4)
    assert refused["error"] == "presence_required"
    assert refused["hint"]
    assert agent.ask("secrets", *words, BY_PASSWORD, said="not the password\n", code=4)["error"] in ("wrong_password", "presence_required")
    assert held(agent) == HELD
    assert {line["key"]: line["version"] for line in agent.ask("secrets", "list")} == versions


@pytest.mark.parametrize(
    "host",
    [
        "api.example.com.", "API.EXAMPLE.COM.", "https://api.example.com", "api.example.com/v1", "user@api.example.com",
        "api.example.com@gist.github.com", "api.example.com:443@gist.github.com", "api.example.com:0443", "api.example.com:+443",
        "api.example.com%2egist.github.com", "api.example.com\\gist.github.com", "api.example.com#gist.github.com",
        "api\u3002example\u3002com", "\uff41pi.example.com", "api.example.com\u200b", "api.exa\u00admple.com", "0x7f000001", "2130706433",
        "[::ffff:127.0.0.1]", "*.github.io", "*.co.uk", "*",
    ],
)  # fmt: skip
def test_no_spelling_of_a_host_gets_past_the_parser(agent: Commands, host: str) -> None:
    code = agent.end("secrets", "bind", "KEY", f"--host={host}", "--output", "json").returncode
    assert code in (2, 4)
    assert held(agent) == HELD


@pytest.mark.parametrize("name", ["key", "Key", "KEY_", "_KEY", "KEY1"])
def test_a_name_like_the_key_s_is_another_key_and_has_no_part_in_its_binding(agent: Commands, name: str) -> None:
    assert agent.ask("secrets", "bind", name, "--host", "api.example.com", "--header", "X-Key", code=4)["error"] == "presence_required"
    agent.run("secrets", "set", f"{name}=-", said=UNKNOWN)
    assert held(agent) == HELD
    assert agent.ask("secrets", "bindings", name) == []


def test_a_new_value_a_rollback_a_deletion_and_a_copy_leave_the_binding_as_it_is(agent: Commands) -> None:
    told = agent.ask("secrets", "set", "KEY=-", said=GITHUB)
    assert (told["elsewhere"], told["pinned"], told["warnings"]) == (True, False, [])
    for words in (("rollback", "KEY"), ("delete", "KEY"), ("restore", "KEY"), ("delete", "KEY"), ("set", f"KEY={GITHUB}")):
        agent.run("secrets", *words)
        assert held(agent) == HELD
    agent.run("environment", "copy", "development", "staging")
    agent.run("environment", "clean", "staging", "--yes")
    assert held(agent) == HELD
    assert [line["bound"] for line in agent.ask("secrets", "bindings", "KEY", "--environment", "production")] == HELD


def test_an_old_word_and_a_word_of_somebody_else_are_refused(agent: Commands, tmp_path_factory: pytest.TempPathFactory) -> None:
    control = Control(agent.home, place_fields(str(agent.folder), "shop"))
    for envelope in stored(agent):
        with pytest.raises((HeadMoved, SignatureInvalid)):
            control.ask("/v1/bindings", Signed(envelope=envelope))
    with commands(tmp_path_factory.mktemp("stranger")) as stranger:
        stranger.run("secrets", "bind", "KEY", "--host", "gist.github.com", "--bearer", BY_PASSWORD, said=PASSWORD)
        for envelope in stored(stranger):
            with pytest.raises(AgentSecretsError):
                control.ask("/v1/bindings", Signed(envelope=envelope))
    assert held(agent) == HELD


def test_the_wider_word_of_before_is_no_use_played_back_to_the_daemon(tmp_path_factory: pytest.TempPathFactory) -> None:
    with commands(tmp_path_factory.mktemp("agent")) as agent:
        agent.run("secrets", "bind", "KEY", "--host", "*.example.com", "--bearer", BY_PASSWORD, said=PASSWORD)
        kept = stored(agent)
        agent.run("secrets", "bind", "KEY", "--host", "api.example.com")
        control = Control(agent.home, place_fields(str(agent.folder), "shop"))
        for envelope in kept:
            with pytest.raises(HeadMoved):
                control.ask("/v1/bindings", Signed(envelope=envelope))
        assert held(agent) == ["api.example.com as bearer"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"hosts": ["gist.github.com"]},
        {"hosts": ["*.example.com"], "methods": ["GET"], "paths": ["/v1"]},
        {"destination": "github"},
        {"destination": "gist.github.com", "style": "bearer"},
        {"style": "header", "slot": "X-Other"},
        {"any_method": True},
        {"any_path": True},
        {"paths": ["/v1/", "/"]},
        {"methods": ["GET", "DELETE"]},
    ],
)
def test_the_verb_that_narrows_never_widens(agent: Commands, wanted: dict[str, Any]) -> None:
    control = Control(agent.home, place_fields(str(agent.folder), "shop"))
    assert control.ask("/v1/bindings/narrow", BindingWanted(key="KEY", **wanted))["widens"] is True
    assert held(agent) == HELD


def test_a_folder_that_names_somebody_s_project_does_not_reach_its_bindings(
    agent: Commands, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cloned")
    (folder / ".agentsecrets").mkdir()
    ours = (agent.folder / ".agentsecrets" / "project.json").read_text()
    (folder / ".agentsecrets" / "project.json").write_text(ours)
    refused = agent.ask("secrets", "bind", "KEY", "--host", "api.example.com", "--path", "/v1/never", code=4, folder=folder)
    assert refused["error"] == "untrusted_folder"
    assert held(agent) == HELD


@pytest.mark.parametrize("between", [(), ("secrets", "delete", "REAL", "--environment", "staging")])
@pytest.mark.parametrize("way", ["set", "import"])
def test_a_made_up_token_does_not_pin_a_key_that_has_had_a_value_where_anybody_publishes(
    tmp_path_factory: pytest.TempPathFactory, between: tuple[str, ...], way: str
) -> None:
    """Else an agent stores a token of its own making, has the key pinned there, and rolls the real value back."""
    with commands(tmp_path_factory.mktemp("agent")) as agent:
        agent.run("secrets", "set", "REAL=-", "--environment", "staging", said=UNKNOWN)
        if between:
            agent.run(*between)
        if way == "set":
            told = agent.ask("secrets", "set", "REAL=-", said=GITHUB)
            assert (told["provider"], told["bound"], told["proposed"]) == ("github", "", True)
        else:
            (agent.folder / "made-up.env").write_text(f"REAL={GITHUB}\n")
            assert agent.ask("secrets", "import", "made-up.env")["bound"] == {}
        assert agent.ask("secrets", "bindings") == []


@pytest.mark.parametrize(("how", "code"), [((), 6), (("--skip",), 0)])
def test_what_an_import_leaves_alone_is_not_bound_by_what_the_file_says(
    tmp_path_factory: pytest.TempPathFactory, how: tuple[str, ...], code: int
) -> None:
    with commands(tmp_path_factory.mktemp("agent")) as agent:
        agent.run("secrets", "set", "REAL=-", said=UNKNOWN)
        (agent.folder / "made-up.env").write_text(f"REAL={GROQ}\nNEW={GROQ}\n")
        agent.ask("secrets", "import", "made-up.env", *how, code=code)
        assert [line["key"] for line in agent.ask("secrets", "bindings")] == ([] if code else ["NEW"])
