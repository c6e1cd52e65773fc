"""``secrets request``: an agent asks for a key, a person fills it in."""

from __future__ import annotations

import subprocess
import time

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands


def test_an_agent_learns_only_that_a_key_is_set(person: Commands) -> None:
    asked = ("secrets", "request", "KEY", "--reason", "to read the weather", "--agent-id", "robot")
    refused = person.ask(*asked, code=3)
    assert refused["error"] == "request_pending"
    assert "agentsecrets secrets set KEY" in refused["hint"]
    person.run("secrets", "set", "KEY=-", said=VALUE)
    told = person.run(*asked)
    assert told == "KEY is set.\n"
    assert person.ask("secrets", "request") == []


def test_a_person_sees_who_asks_and_why_and_types_the_value(person: Commands) -> None:
    person.run("secrets", "request", "ONE", "--reason", "to read \x1b[2Jthe weather", "--agent-id", "robot", code=3)
    person.run("secrets", "request", "TWO", code=3)
    assert [(line["key"], line["agent"]) for line in person.ask("secrets", "request")] == [("ONE", "robot"), ("TWO", "")]
    with person.at_terminal("secrets", "request") as screen:
        screen.wait_for("robot asks for ONE (shop, development): “to read �[2Jthe weather”")
        screen.answer("ONE in development (Enter skips):", VALUE)
        screen.wait_for("An agent asks for TWO")
        screen.answer("TWO in development (Enter skips):", "")
        assert screen.end() == 0
        assert VALUE not in screen.shown
    assert [line["key"] for line in person.ask("secrets", "list")] == ["ONE"]
    assert person.run("secrets", "get", "ONE", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_an_agent_may_wait_for_the_person(person: Commands) -> None:
    command = [PROGRAM, "secrets", "request", "KEY", "--wait", "60s"]
    with subprocess.Popen(command, cwd=person.folder, env=person.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as waiting:
        deadline = time.monotonic() + 20
        while not person.ask("secrets", "request"):
            assert waiting.poll() is None
            assert time.monotonic() < deadline
        person.run("secrets", "set", "KEY=-", said=VALUE)
        assert waiting.stdout is not None
        assert waiting.stdout.read() == b"KEY is set.\n"
    assert waiting.returncode == 0


def test_requests_cannot_bury_one_another(settled: Commands) -> None:
    for number in range(50):
        settled.run("secrets", "request", f"KEY_{number}", code=3)
    assert settled.ask("secrets", "request", "ONE_MORE", code=3)["error"] == "too_many_requests"
    assert settled.ask("secrets", "request", "KEY_7", "--reason", "x" * 501, code=2)["error"] == "bad_header"
    assert settled.ask("secrets", "request", "not-a-name", code=2)["error"] == "bad_key_name"
