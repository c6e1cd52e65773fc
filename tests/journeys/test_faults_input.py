"""Requests that are wrong: each is refused with its family's exit code, a slug and a hint, and nothing is done."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.tls import TlsUpstream


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, upstream: TlsUpstream) -> Iterator[Commands]:
    """Keys for each style, an allowed upstream, and a host on the list whose address may not be reached."""
    with commands(tmp_path_factory.mktemp("ready")) as person:
        host = person.allow(upstream)
        person.run("workspace", "allowlist", "add", "localhost:9", "127.0.0.1:9", "--password-stdin", said=PASSWORD)
        for key, style in (("BODY", ("--body-field", "token")), ("FORM", ("--form-field", "token"))):
            person.run("secrets", "set", f"{key}={VALUE}", "--for", host, *style, "--password-stdin", said=PASSWORD)
        for key in ("KEY", "NAMED", "LITERAL"):  # each call pins the key that it uses
            person.run("secrets", "set", f"{key}=-", said=VALUE)
        for key in ("BROKEN_BEARER", "BROKEN_HEADER"):
            person.run("secrets", "set", f"{key}=-", said="first line\r\nX-Injected: yes")
        yield person


def _refused(ours: Commands, words: tuple[str, ...], code: int, slug: str, said: str = "") -> None:
    ended = ours.end(*words, "--output", "json", said=said)
    assert ended.returncode == code, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    told = json.loads(told["body"]) if words[0] == "call" else told
    assert told["error"] == slug, told
    assert told["message"]
    assert told["hint"]
    assert VALUE not in ended.stdout + ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr


# --- values and names -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "1KEY", "KEY-NAME", "KEY NAME", "KEY.NAME", "CLÉ", "K" * 129, "../KEY", "KEY\tNAME"])
def test_a_malformed_key_name_is_refused_before_the_value_is_looked_at(ready: Commands, name: str) -> None:
    _refused(ready, ("secrets", "set", f"{name}=-"), 2, "bad_key_name", said=VALUE)


@pytest.mark.parametrize("value", ["", "a\0b", "x" * 65_537], ids=["empty", "with NUL", "too long"])
def test_a_value_that_cannot_be_stored_is_refused_from_a_pipe(ready: Commands, value: str) -> None:
    _refused(ready, ("secrets", "set", "NEW=-"), 2, "bad_value", said=value)
    assert "NEW" not in {line["key"] for line in ready.ask("secrets", "list")}


@pytest.mark.parametrize("value", ["", "x" * 65_537], ids=["empty", "too long"])
def test_a_value_that_cannot_be_stored_is_refused_as_an_argument(ready: Commands, value: str) -> None:
    _refused(ready, ("secrets", "set", f"NEW={value}"), 2, "bad_value")
    assert "NEW" not in {line["key"] for line in ready.ask("secrets", "list")}


def test_a_pipe_without_an_end_is_not_read_for_ever(ready: Commands) -> None:
    with subprocess.Popen(["cat", "/dev/zero"], stdout=subprocess.PIPE) as endless:
        words = [PROGRAM, "secrets", "set", "NEW=-"]
        ended = subprocess.run(
            words, check=False, cwd=ready.folder, env=ready.environment, stdin=endless.stdout, capture_output=True, timeout=60
        )
        endless.kill()
    assert ended.returncode == 2
    assert b"this value cannot be stored" in ended.stderr


def test_a_typed_value_that_the_terminal_would_cut_is_refused_instead_of_stored_in_part(ready: Commands) -> None:
    with ready.at_terminal("secrets", "set", "TYPED") as screen:
        screen.wait_for("Value of TYPED:")
        for _ in range(10):
            os.write(screen._screen, b"x" * 500)
        screen.type("")
        assert screen.end() == 2
        assert "secrets set KEY=-" in screen.shown
    assert "TYPED" not in {line["key"] for line in ready.ask("secrets", "list")}


def test_a_long_value_that_fits_is_typed_whole(ready: Commands) -> None:
    with ready.at_terminal("secrets", "set", "LONG") as screen:
        screen.answer("Value of LONG:", "x" * 3_000)
        assert screen.end() == 0
    assert ready.run("secrets", "get", "LONG", "--password-stdin", said=PASSWORD) == "x" * 3_000 + "\n"


# --- calls --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "words", "code", "slug"),
    [
        ("/echo", ("--bearer", "BROKEN_BEARER"), 2, "bad_injection"),
        ("/echo", ("--header", "X-Api-Key=BROKEN_HEADER"), 2, "bad_injection"),
        ("/echo", ("--body-field", "token=BODY", "--body", "{not json"), 2, "bad_body"),
        ("/echo", ("--body-field", "token=BODY", "--body", '{"a": 1, "a": 2}'), 2, "bad_body"),
        ("/echo", ("--body-field", "token=BODY", "--body", "[1]"), 2, "bad_body"),
        ("/echo", ("--form-field", "token=FORM", "--body", "a=%zz"), 2, "bad_body"),
        ("/echo", ("--form-field", "token=FORM", "--body", "{}", "--plain-header", "Content-Type: application/json"), 2, "bad_body"),
        ("/echo", ("--bearer", "KEY", "--bearer", "KEY"), 2, "slot_taken"),
        ("/echo", ("--bearer", "KEY", "--header", "Authorization=KEY"), 2, "slot_taken"),
        ("/echo", ("--bearer", "MISSING"), 5, "secret_not_found"),
        ("https://evil.example/", ("--bearer", "KEY"), 4, "domain_not_in_allowlist"),
        ("https://localhost:10/", ("--bearer", "KEY"), 4, "domain_not_in_allowlist"),
        ("https://localhost:9/", ("--bearer", "NAMED"), 4, "address_blocked"),
        ("https://127.0.0.1:9/", ("--bearer", "LITERAL"), 4, "address_blocked"),
        ("http://localhost:9/", ("--bearer", "KEY"), 4, "https_only"),
    ],
)
def test_a_call_that_is_not_right_is_refused_recorded_and_reaches_nobody(
    ready: Commands, upstream: TlsUpstream, path: str, words: tuple[str, ...], code: int, slug: str
) -> None:
    before = len(upstream.seen)
    _refused(ready, ("call", "--url", path if "://" in path else upstream.url(path), *words), code, slug)
    assert len(upstream.seen) == before
    (line,) = [json.loads(text) for text in ready.run("proxy", "logs", "--last", "1").splitlines()]
    assert (line["status"], line["reason"]) == ("BLOCKED", slug)


# --- a person is needed -------------------------------------------------------------------------------------------------------------------


def test_a_wrong_password_changes_nothing(ready: Commands) -> None:
    for words in (("unlock",), ("workspace", "allowlist", "add", "new.example.com"), ("secrets", "get", "KEY")):
        _refused(ready, (*words, "--password-stdin"), 4, "wrong_password", said="not " + PASSWORD)
    assert "new.example.com" not in {line["domain"] for line in ready.ask("workspace", "allowlist", "list")}
    assert ready.ask("status")["locked"] is False


def test_without_a_terminal_nobody_is_asked(ready: Commands) -> None:
    for words in (("unlock",), ("workspace", "allowlist", "add", "new.example.com"), ("secrets", "get", "KEY")):
        _refused(ready, words, 4, "presence_required")


def test_an_unknown_project_and_a_strangers_folder_are_refused(ready: Commands, tmp_path: Path) -> None:
    _refused(ready, ("secrets", "list", "--project", "nowhere"), 5, "project_not_found")
    (tmp_path / ".agentsecrets").mkdir()
    (tmp_path / ".agentsecrets" / "project.json").write_bytes((ready.folder / ".agentsecrets" / "project.json").read_bytes())
    told = ready.ask("secrets", "list", folder=tmp_path, code=4)
    assert (told["error"], "agentsecrets project use" in told["hint"]) == ("untrusted_folder", True)


def test_a_locked_vault_says_how_it_opens(tmp_path: Path) -> None:
    with commands(tmp_path) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        person.run("lock")
        for words in (("secrets", "list"), ("secrets", "set", "KEY=-"), ("secrets", "delete", "KEY"), ("project", "create", "till")):
            _refused(person, words, 3, "locked", said=VALUE)
        _refused(person, ("call", "--url", "https://api.example.com/", "--bearer", "KEY"), 3, "locked")
        person.run("unlock", "--password-stdin", said=PASSWORD)
        assert [(line["key"], line["version"]) for line in person.ask("secrets", "list")] == [("KEY", 1)]


# --- no program can be started ------------------------------------------------------------------------------------------------------------


@pytest.mark.other_uid
@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("status",), "daemon_unavailable"),
        (("init", "--email", "ada@example.com", "--password-stdin"), "presence_unavailable"),
    ],
)
def test_where_no_further_process_may_be_started_that_is_said(tmp_path: Path, words: tuple[str, ...], slug: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without processes")
    user, home = 61_999, tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, user, user)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == 0 and above.stat().st_mode & 0o005 != 0o005:
            above.chmod(above.stat().st_mode | 0o011)
    ended = subprocess.run(
        [PROGRAM, *words, "--output", "json"],
        cwd="/",
        env={"AGENTSECRETS_HOME": str(home), "AGENTSECRETS_PORT": "0", "PATH": os.environ["PATH"]},
        input=PASSWORD,
        text=True,
        capture_output=True,
        timeout=60,
        user=user,
        group=user,
        extra_groups=[],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)),
        check=False,
    )
    assert ended.returncode == 3, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert told["error"] == slug
    assert told["hint"]
    assert not list(home.glob("*.db"))
