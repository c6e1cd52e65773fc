"""Messages are read strictly, answered in the form of their era, and never repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.mcp.asking import Daemon
from agentsecrets.mcp.protocol import written as written_as_line
from agentsecrets.mcp.server import Server

CANARY = "sk_live_canary"
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class Conversation:
    """A server without a daemon, and what it answered."""

    def __init__(self, version: str = "2025-11-25") -> None:
        self.answers: list[Any] = []
        self.server = Server(Daemon("/nonexistent"), self.answers.append)
        if version:
            self.say({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": version}})
            self.answers.clear()

    def say(self, message: object) -> Any:
        """Says one thing; answers the answer, None when there is none."""
        self.answers.clear()
        self.server.receive(message if isinstance(message, bytes) else json.dumps(message).encode())
        self.server.finish()
        return self.answers[0] if self.answers else None


def _request(method: str = "ping", **members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **members}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (CANARY.encode(), -32700),
        (b"\xff\xfe", -32700),
        (b"\xef\xbb\xbf{}", -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32700),
        (b"[" * 100_000, -32700),
        (b"1" * 10_000, -32700),
        (b"{}", -32600),
        (b"null", -32600),
        (b'"sk_live_canary"', -32600),
        (b"[]", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":7}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"sk_live_canary"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sk_live_canary"}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["sk_live_canary"]}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"status","arguments":"sk_live_canary"}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"sk_live_canary"}}', -32602),
    ],
)
def test_what_cannot_be_answered_is_refused_by_its_code_and_not_repeated(line: bytes, code: int):
    answer = Conversation().say(line)
    assert answer["error"]["code"] == code
    assert CANARY not in json.dumps(answer)
    assert Conversation().say(_request()) == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_a_line_that_is_too_long_is_refused():
    conversation = Conversation()
    conversation.server.receive(None)
    assert conversation.answers[0]["error"]["code"] == -32600


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/of-another-kind"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": "not an object"},
        {"jsonrpc": "2.0", "id": 5, "result": {}},
        {"jsonrpc": "2.0", "id": 5, "error": {"code": 1, "message": "no"}},
    ],
)
def test_notifications_and_answers_are_never_answered(message: dict[str, Any]):
    assert Conversation().say(message) is None


def test_an_id_comes_back_as_it_was_sent():
    for identifier in ("a", "", 0, -1, 2**53, "ä\u2028\n"):
        assert Conversation().say(_request() | {"id": identifier})["id"] == identifier


def test_before_the_handshake_only_a_ping_is_answered():
    conversation = Conversation("")
    assert conversation.say(_request("tools/list"))["error"]["code"] == -32600
    assert conversation.say(_request())["result"] == {}


def test_an_unknown_version_gets_the_newest_that_has_a_handshake():
    for asked in ("2026-07-28", "1999-01-01", None, 7):
        answer = Conversation("").say(_request("initialize", params={"protocolVersion": asked}))
        assert answer["result"]["protocolVersion"] == "2025-11-25"


def test_batches_are_taken_in_the_one_version_that_has_them():
    batch = [_request(), {"jsonrpc": "2.0", "method": "notifications/initialized"}, _request("nonsense") | {"id": 2}, 7]
    answers = Conversation("2025-03-26").say(batch)
    assert [answer.get("id") for answer in answers] == [1, 2, None]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32601, -32600]
    assert Conversation("2025-03-26").say([{"jsonrpc": "2.0", "method": "notifications/initialized"}]) is None
    assert Conversation("2025-03-26").say([_request("initialize")])[0]["error"]["code"] == -32601
    for version in ("2024-11-05", "2025-06-18", "2025-11-25"):
        assert Conversation(version).say(batch)["error"]["code"] == -32600
    assert Conversation("2025-03-26").say([_request()] * 33)["error"]["code"] == -32600


def test_a_modern_request_passes_the_handshake_by():
    conversation = Conversation("2024-11-05")
    answer = conversation.say(_request("tools/list", params={"_meta": META}))
    assert answer["result"]["resultType"] == "complete"
    assert conversation.say(_request("ping", params={"_meta": META}))["error"]["code"] == -32601
    assert "resultType" not in conversation.say(_request("tools/list"))["result"]


def test_a_modern_request_says_its_capabilities():
    version_only = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
    assert Conversation("").say(_request("tools/list", params={"_meta": version_only}))["error"]["code"] == -32602
    assert Conversation("").say(_request("server/discover"))["result"]["supportedVersions"] == ["2026-07-28"]


@pytest.mark.parametrize("asked", ["2025-11-25", "2099-01-01", 7, None, "x" * 1000])
def test_a_modern_request_of_another_version_is_told_which_are_served(asked: object):
    meta = META | {"io.modelcontextprotocol/protocolVersion": asked}
    error = Conversation("").say(_request("tools/list", params={"_meta": meta}))["error"]
    assert error["code"] == -32022
    assert "2026-07-28" in error["data"]["supported"]
    assert len(error["data"]["requested"]) <= 256


def test_without_a_daemon_and_an_account_a_tool_refuses_in_words():
    result = Conversation().say(_request("tools/call", params={"name": "status", "arguments": {}}))["result"]
    assert result["isError"] is True
    assert set(json.loads(result["content"][0]["text"])) == {"error", "message", "hint"}


MEMBERS = ("jsonrpc", "id", "method", "params", "_meta", "name", "arguments", "requestId", "protocolVersion", "result", "error", *META)
METHODS = ("ping", "initialize", "tools/list", "tools/call", "server/discover", "notifications/cancelled")
WORDS = st.sampled_from((*MEMBERS, *METHODS, "2.0", "2025-03-26", "2026-07-28", "no such tool", "\ud800"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": ANYTHING, "method": WORDS}, optional={"params": ANYTHING})


@given(
    messages=st.lists(ANYTHING | REQUESTS | st.lists(REQUESTS, max_size=3), max_size=6),
    version=st.sampled_from(["2025-03-26", "2025-11-25"]),
)
def test_whatever_is_sent_each_answer_is_one_and_can_be_written(messages: list[Any], version: str):
    conversation = Conversation(version)
    for message in messages:
        conversation.answers.clear()
        conversation.server.receive(json.dumps(message).encode())
        conversation.server.finish()
        assert len(conversation.answers) <= 1
        for answer in conversation.answers:
            written = json.loads(written_as_line(answer))
            for one in written if isinstance(written, list) else [written]:
                assert one["jsonrpc"] == "2.0"
                assert ("result" in one) is not ("error" in one)
    assert conversation.say(_request("ping"))["result"] == {}


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_answered_or_refused(line: bytes):
    conversation = Conversation()
    conversation.server.receive(line)
    assert len(conversation.answers) <= 1
    assert conversation.say(_request("ping"))["result"] == {}
