"""The log as people read it: one line a call, nothing hidden, and an altered row is not shown as if it were one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsecrets.audit.chain import encode
from agentsecrets.audit.view import Wanted, as_line, following, newest, stamp
from agentsecrets.errors import LogBroken
from agentsecrets.model.event import Event, Outcome
from agentsecrets.ports import LogRow
from tests.parts.stand_ins import MemoryLog


def _log(*told: Event) -> MemoryLog:
    log = MemoryLog()
    log.append([LogRow(index, event.id, event.phase, encode(event), b"") for index, event in enumerate(told)])
    return log


def _call(number: int, *, outcome: Outcome = "ok", **more: Any) -> tuple[Event, Event]:
    hosted: dict[str, Any] = {"domain": "api.example.com", "scheme": "https", "port": 443, "path": "/v1"} | more
    intent = Event(id=f"{number:032x}", phase="intent", time_ms=number, **hosted)
    return intent, Event(id=intent.id, phase="outcome", time_ms=number + 1, outcome=outcome, **hosted)


def test_a_call_is_one_line_and_one_that_never_ended_is_a_line_too():
    log = _log(*_call(1), _call(2)[0], *_call(3, outcome="blocked"))
    assert [(line["id"][-1], line["status"]) for line in newest(log, 10)] == [("1", "OK"), ("2", "UNKNOWN"), ("3", "BLOCKED")]
    assert [line["id"][-1] for line in newest(log, 2)] == ["2", "3"]
    first, second = _call(4), _call(5)
    log = _log(first[0], second[0], second[1], first[1])
    assert [(line["id"][-1], line["status"]) for line in newest(log, 10)] == [("5", "OK"), ("4", "OK")]
    assert newest(log, 0) == []


def test_every_condition_narrows():
    log = _log(*_call(1, secret_keys=("A",), agent_id="bot", environment="staging"), *_call(2, outcome="failed", secret_keys=("B",)))
    for wanted, found in (
        (Wanted(secret="A"), "1"), (Wanted(agent="bot"), "1"), (Wanted(environment="staging"), "1"), (Wanted(status="FAILED"), "2"),
        (Wanted(secret="A", status="FAILED"), ""), (Wanted(secret="C"), ""), (Wanted(reasons=frozenset({"x"})), ""),
    ):  # fmt: skip
        assert "".join(line["id"][-1] for line in newest(log, 10, wanted)) == found


def test_what_was_written_since_is_told_once():
    log = _log(*_call(1), *_call(2))
    lines, after = following(log, 0, 3)
    assert ([line["id"][-1] for line in lines], after) == (["1"], 3)
    lines, after = following(log, after, 3)
    assert ([line["id"][-1] for line in lines], after) == (["2"], 4)
    assert following(log, after, 3) == ([], 4)


@pytest.mark.parametrize("payload", [b"", b"\x02{}", b"\x01{", b"\x01{}", b"rubbish"])
def test_a_row_that_is_none_is_named_and_not_left_out(payload: bytes):
    log = _log(*_call(1))
    log.append([LogRow(2, "x", "outcome", payload, b"")])
    for ask in (lambda: newest(log, 10), lambda: following(log, 0, 10)):
        with pytest.raises(LogBroken) as broken:
            ask()
        assert broken.value.subjects == {"index": "2"}


def test_a_line_has_the_published_names_and_no_query():
    line = as_line(_call(1, secret_keys=("A",), auth_styles=("bearer",))[1])
    published = {
        "timestamp", "secret_keys", "target_url", "domain", "auth_styles", "status_code", "duration_ms", "status", "reason", "redacted",
        "identity_level", "token_id", "agent_id", "method",
    }  # fmt: skip
    assert published <= line.keys()
    assert line["target_url"] == "https://api.example.com/v1"
    assert json.dumps(line)


@pytest.mark.parametrize(
    ("scheme", "port", "shown"),
    [("https", 443, "https://h/"), ("https", 80, "https://h:80/"), ("http", 80, "http://h/"), ("http", 443, "http://h:443/")],
)
def test_a_port_stands_in_the_address_unless_it_is_the_scheme_s_own(scheme: str, port: int, shown: str):
    assert as_line(Event(id="0", phase="outcome", time_ms=1, domain="h", scheme=scheme, port=port, path="/"))["target_url"] == shown


def test_what_went_to_no_host_has_no_address():
    assert as_line(Event(id="0", phase="outcome", time_ms=1, action="reveal"))["target_url"] == ""


def test_a_moment_is_told_in_utc_with_milliseconds():
    assert stamp(1_764_000_000_007) == "2025-11-24T16:00:00.007Z"
