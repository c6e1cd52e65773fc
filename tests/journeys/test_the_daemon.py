"""The daemon as its users meet it: started by presence, entered over the port and over the control socket."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentsecrets.client.control import Control
from agentsecrets.client.launch import Choice, clean_environment, program
from agentsecrets.client.lifecycle import ensure_daemon, lock, stop
from agentsecrets.errors import AgentSecretsError, DaemonGone, Locked, NoDaemon, OtherVersion, SignatureInvalid, UnknownCaller
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.messages import LogQuery, ProjectName, Signed
from tests.parts.patience import wait_until
from tests.parts.tls import TlsUpstream

PASSWORD = "violet-harbour-quartz-meadow"
VALUE = "sk_live_51HxQ/7+zvBq=Lm9"


def presence(home: Path, *, said: str = PASSWORD, **request: Any) -> dict[str, Any]:
    """Runs the presence program as a set-up script would."""
    if request["deed"] in ("init", "unlock"):
        request["port"] = 0
    asked, ours = os.pipe()
    os.write(ours, msgspec.json.encode({"home": str(home), "password_stdin": True, **request}))
    os.close(ours)
    answer, told = os.pipe()
    command = [*program("agentsecrets.daemon.presence"), str(asked), str(told)]
    running = subprocess.Popen(command, env=clean_environment(), pass_fds=(asked, told), stdin=subprocess.PIPE)
    os.close(asked)
    os.close(told)
    running.communicate(said.encode() + b"\n", timeout=60)
    with os.fdopen(answer, "rb") as pipe:
        document = pipe.read()
    if running.returncode != 0:
        raise from_json(document)
    answered: dict[str, Any] = json.loads(document)
    return answered


@contextmanager
def running(home: Path) -> Iterator[Control]:
    """An unlocked daemon with one project, stopped at the end."""
    presence(home, deed="init", email="ada@example.com")
    control = Control(home)
    try:
        control.ask("/v1/projects/create", ProjectName(name="shop"))
        yield control
    finally:
        stop(home)


def proxied(control: Control, url: str, *fields: tuple[str, str], token: str | None = None) -> tuple[int, bytes]:
    session = control.ask("/v1/session")
    connection = http.client.HTTPConnection("127.0.0.1", session["port"], timeout=20)
    shown = session["token"] if token is None else token
    headers = {"X-AS-Target-URL": url, **({"X-AS-Session-Token": shown} if shown else {}), **dict(fields)}
    connection.request("GET", "/proxy", headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_an_agent_calls_an_api_with_a_secret_that_it_never_sees(tmp_path: Path) -> None:
    home = tmp_path / ("a-long-folder-name-" * 6) / "home"
    with TlsUpstream() as upstream, running(home) as control:
        host = upstream.origin.removeprefix("https://")
        presence(home, said=VALUE, deed="deposit", key="KEY")
        presence(home, deed="allowlist.add", hosts=[host], private=["127.0.0.0/8", "::1/128"], ca=upstream.ca_pem)
        status, body = proxied(control, upstream.url("/leak/plain?of=bearer"), ("X-AS-Inject-Bearer", "KEY"))
        assert (status, VALUE.encode() in body, b"[REDACTED_BY_AGENTSECRETS]" in body) == (200, False, True)
        assert [line["status"] for line in control.ask("/v1/log", LogQuery(last=5))["lines"]] == ["OK"]
        assert control.ask("/v1/log/verify")["first_bad"] is None
        assert control.ask("/v1/secrets")["secrets"][0]["bound"].endswith("as bearer")
    for path in home.rglob("*"):
        if path.is_file():
            assert VALUE.encode() not in path.read_bytes()
            assert PASSWORD.encode() not in path.read_bytes()


def test_nobody_enters_with_a_wrong_token_and_no_web_page_ever(tmp_path: Path) -> None:
    with running(tmp_path / "home") as control:
        status, body = proxied(control, "https://api.example.com/", token="as_sess_" + "0" * 64)
        assert (status, from_json(body).slug) == (401, UnknownCaller.slug)
        status, body = proxied(control, "https://api.example.com/", ("Origin", "https://evil.example"))
        assert (status, from_json(body).slug) == (403, "browser_refused")
        status, body = proxied(control, "https://api.example.com/", ("Host", "evil.example"))
        assert (status, from_json(body).slug) == (403, "host_refused")
        status, body = proxied(control, "https://api.example.com/")
        assert (status, from_json(body).slug) == (403, "empty_allowlist")


def test_a_wrong_password_opens_nothing_and_an_unlock_replaces_the_daemon(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        before = control.ask("/v1/status")["pid"]
        with pytest.raises(AgentSecretsError) as refused:
            presence(home, said="not the password", deed="unlock")
        assert refused.value.slug == "wrong_password"
        assert control.ask("/v1/status")["pid"] == before
        presence(home, deed="unlock")
        after = control.ask("/v1/status")
        assert after["pid"] != before
        assert after["locked"] is False


def test_a_second_account_is_refused_and_so_is_a_weak_password(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.raises(AgentSecretsError) as weak:
        presence(home, said="password1", deed="init", email="ada@example.com")
    assert weak.value.slug == "weak_password"
    with running(home), pytest.raises(AgentSecretsError) as exists:
        presence(home, deed="init", email="eve@example.com")
    assert exists.value.slug == "account_exists"


def test_what_no_person_signed_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        offer = control.ask("/v1/secrets/offer")["envelope"]
        for verb in ("/v1/ledger", "/v1/bindings", "/v1/secrets/reveal"):
            with pytest.raises(AgentSecretsError) as refused:
                control.ask(verb, Signed(envelope=msgspec.convert(offer, bytes)))
            assert refused.value.slug == SignatureInvalid.slug
        assert control.ask("/v1/allowlist")["allowlist"] == []


def test_a_person_sees_a_value_with_the_password_and_the_log_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        presence(home, said=VALUE, deed="deposit", key="KEY")
        presence(home, deed="reveal", key="KEY")
        assert control.ask("/v1/log", LogQuery(last=1))["lines"][0]["action"] == "reveal"


def test_a_daemon_that_was_stopped_starts_again_without_keys(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        stop(home)
        assert not (home / "session.json").exists()
        assert ensure_daemon(home, Choice(port=0))["locked"] is True
        with pytest.raises(Locked):
            control.ask("/v1/secrets")


def test_a_locked_daemon_keeps_its_process_and_port_and_forgets_the_keys(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        before = control.ask("/v1/status")
        lock(home)
        after = control.ask("/v1/status")
        assert (after["locked"], after["pid"], after["port"]) == (True, before["pid"], before["port"])
        with pytest.raises(Locked):
            control.ask("/v1/secrets")


def test_a_vault_that_nobody_uses_locks_itself_although_somebody_looks_at_the_status(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as control:
        presence(home, deed="unlock", idle_lock_s=1)
        wait_until(lambda: _is_locked(control))


def _is_locked(control: Control) -> bool:
    try:
        return bool(control.ask("/v1/status")["locked"])
    except (NoDaemon, DaemonGone):
        return False


def test_a_command_of_another_version_is_told_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home), pytest.raises(OtherVersion):
        Control(home, {"X-AS-Version": "999.0"}).ask("/v1/projects")
