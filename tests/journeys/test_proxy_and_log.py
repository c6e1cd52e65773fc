"""``proxy start``, ``stop``, ``status``, ``token``, ``rotate-session``, ``logs``; ``log verify``."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.parts.commands import PROGRAM, VALUE, Commands
from tests.parts.tls import TlsUpstream


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _status(port: int, path: str, *fields: tuple[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=dict(fields))
    try:
        with urllib.request.urlopen(request, timeout=20) as answered:
            return answered.status, answered.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def test_the_proxy_starts_on_a_chosen_port_and_remembers_it(person: Commands) -> None:
    person.run("proxy", "stop")
    assert person.ask("proxy", "status", code=5)["error"] == "no_daemon"
    port = _free_port()
    assert person.ask("proxy", "start", "--port", str(port))["port"] == port
    person.run("proxy", "stop")
    del person.environment["AGENTSECRETS_PORT"]
    assert person.ask("proxy", "start")["port"] == port
    assert _status(port, "/health") == (200, b'{"status":"ok","project":""}')


def test_a_port_that_another_process_holds_is_refused_with_a_way_out(person: Commands) -> None:
    person.run("proxy", "stop")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = person.run("proxy", "start", "--port", str(taken.getsockname()[1]), code=3)
    assert "another process holds port" in told
    assert "agentsecrets proxy start --port" in told


def test_in_the_foreground_it_serves_until_it_is_told_to_stop(person: Commands) -> None:
    person.run("proxy", "stop")
    command = [PROGRAM, "proxy", "start", "--foreground"]
    with subprocess.Popen(command, cwd=person.folder, env=person.environment, stdin=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 20
        while person.end("proxy", "status").returncode != 0:
            assert running.poll() is None
            assert time.monotonic() < deadline
        assert person.ask("proxy", "status")["pid"] == running.pid
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


def test_the_token_lets_a_program_in_until_it_is_replaced(person: Commands) -> None:
    file = person.home / "session.json"
    session = json.loads(file.read_text(encoding="ascii"))
    token = person.run("proxy", "token").strip()
    assert session == {"token": token, "port": person.ask("status")["port"]}
    assert token.startswith("as_sess_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    asked = ("X-AS-Target-URL", "https://api.example.com/")
    assert b"empty_allowlist" in _status(session["port"], "/proxy", asked, ("X-AS-Session-Token", token))[1]
    replaced = person.ask("proxy", "rotate-session")
    assert "token" not in replaced
    status, body = _status(session["port"], "/proxy", asked, ("X-AS-Session-Token", token))
    assert (status, json.loads(body)["error"]) == (401, "unknown_caller")
    assert b"empty_allowlist" in _status(session["port"], "/proxy", asked, ("X-AS-Session-Token", person.run("proxy", "token").strip()))[1]


def test_the_log_is_filtered_and_bounded(person: Commands, upstream: TlsUpstream) -> None:
    host = person.allow(upstream)
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("secrets", "set", "OTHER=-", "--environment", "staging", said=VALUE)
    person.run("call", "--url", upstream.url("/echo?q=hidden"), "--bearer", "KEY", "--agent-id", "one")
    person.run("call", "--url", "https://elsewhere.example/", "--bearer", "KEY", "--agent-id", "two", code=4)
    person.run("call", "--url", upstream.url("/echo"), "--bearer", "OTHER", "--environment", "staging", "--agent-id", "one")

    def logged(*conditions: str) -> list[str]:
        lines = person.run("proxy", "logs", *conditions).splitlines()
        return [f"{line['status']} {line['agent_id']} {line['environment']}" for line in map(json.loads, lines)]

    assert logged() == ["OK one development", "BLOCKED two development", "OK one staging"]
    assert logged("--last", "1") == ["OK one staging"]
    assert logged("--secret", "KEY") == ["OK one development", "BLOCKED two development"]
    assert logged("--agent", "two") == logged("--status", "blocked") == ["BLOCKED two development"]
    assert logged("--env", "staging", "--secret", "KEY") == []
    first = person.ask("proxy", "logs")[0]
    assert (first["target_url"], first["domain"], first["redacted"]) == (f"https://{host}/echo", "localhost", True)
    assert "hidden" not in json.dumps(first)


def test_the_log_holds_together_and_an_altered_row_is_named(person: Commands) -> None:
    for _ in range(3):
        person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    verdict = person.ask("log", "verify")
    assert (verdict["first_bad"], verdict["anchored"]) == (None, verdict["rows"])
    person.run("proxy", "stop")
    with sqlite3.connect(person.home / "audit.db") as rows:
        rows.execute("UPDATE events SET payload = replace(payload, 'api.example.com', 'api.example.org') WHERE idx = 1")
    told = person.ask("log", "verify", code=8)
    assert told["error"] == "log_broken"
    assert "index 1" in told["message"]


@pytest.mark.parametrize("words", [("completion", shell) for shell in ("bash", "zsh", "fish")])
def test_completion_is_printed_for_each_shell(settled: Commands, words: tuple[str, ...]) -> None:
    assert "agentsecrets" in settled.run(*words)


def test_an_unknown_command_is_not_repeated_but_a_near_one_is_suggested(settled: Commands) -> None:
    told = settled.run("secrets", "sett", "KEY", code=2)
    assert "did you mean `agentsecrets secrets set`?" in told
    assert VALUE not in settled.run(VALUE, code=2)
