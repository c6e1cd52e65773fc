"""The big list of naughty strings in every place that an agent or a person can put text into."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from agentsecrets.errors import AgentSecretsError
from agentsecrets.network.http1.writing import head_bytes
from agentsecrets.proxy.ingress import read_asked, read_target
from agentsecrets.proxy.styles import STYLES
from agentsecrets.proxy.styles.style import Draft
from agentsecrets.wire import headers
from tests.conftest import Counted


@pytest.fixture
def strings(corpora: Path) -> list[str]:
    read: list[str] = json.loads((corpora / "naughty" / "blns.json").read_text(encoding="utf-8"))
    return read


OURS = (
    headers.TARGET_URL, headers.METHOD, headers.INJECT, headers.INJECT_BEARER, headers.INJECT_HEADER + "X", headers.AGENT_ID,
    headers.PROJECT, headers.ENVIRONMENT, headers.AGENT_TOKEN,
)  # fmt: skip


def test_our_header_fields_are_read_or_refused_in_words(strings: list[str], counted: Counted):
    read = refused = 0
    said: list[str] = []
    for text in strings:
        for name in OURS:
            fields = {headers.TARGET_URL: b"https://api.example.com/", name: text.encode("utf-8", "surrogatepass")}
            try:
                read_target(fields.pop(headers.TARGET_URL))
                read_asked("GET", tuple((name.encode(), value) for name, value in fields.items()))
                read += 1
            except AgentSecretsError as refusal:
                refused += 1
                said += [text] if len(text) > 6 and text in refusal.message and name != headers.METHOD else []
    assert not said
    counted(f"X-AS fields: {len(strings)} strings in {len(OURS)} fields, {read} read, {refused} refused, 0 faults")


def _field(draft: Draft, _slot: str) -> bytes:
    name, value = draft.fields[-1]
    wire = head_bytes(b"GET / HTTP/1.1", [(name, value)])
    assert wire.count(b"\r\n") == 3
    return wire.split(b": ", 1)[1].removesuffix(b"\r\n\r\n")


READ_BACK: dict[str, Callable[[Draft, str], bytes]] = {
    "bearer": lambda draft, slot: _field(draft, slot).removeprefix(b"Bearer "),
    "basic": lambda draft, slot: base64.b64decode(_field(draft, slot).removeprefix(b"Basic ")),
    "header": _field,
    "query": lambda draft, slot: dict(parse_qsl(draft.query or "", True))[slot].encode("utf-8", "surrogatepass"),
    "body": lambda draft, slot: json.loads(draft.body or b"")[slot].encode(),
    "form": lambda draft, slot: dict(parse_qsl((draft.body or b"").decode(), True))[slot].encode("utf-8", "surrogatepass"),
}


def test_a_value_arrives_exactly_or_not_at_all(strings: list[str], counted: Counted):
    arrived = refused = 0
    said: list[str] = []
    for text in strings:
        raw = text.encode("utf-8", "surrogatepass")
        for name, style in STYLES.items():
            draft = Draft("a=1" if name == "query" else None, [], b"" if style.body else None)
            value = b"user:" + raw if name == "basic" else raw
            try:
                style.write(draft, "slot" if name not in ("bearer", "basic") else "", value)
            except AgentSecretsError as refusal:
                refused += 1
                said += [text] if len(text) > 6 and text in refusal.message else []
                continue
            arrived += 1
            assert READ_BACK[name](draft, "slot") == value, (name, text)
    assert arrived > refused
    assert not said
    counted(f"values: {len(strings)} strings in {len(STYLES)} styles, {arrived} arrive exactly, {refused} refused")


def test_a_slot_is_written_exactly_or_refused(strings: list[str], counted: Counted):
    written = refused = 0
    for text in strings:
        for name in ("header", "query", "body", "form"):
            style = STYLES[name]
            draft = Draft(None, [], b"" if style.body else None)
            try:
                style.check_slot(text)
            except AgentSecretsError:
                refused += 1
                continue
            style.write(draft, text, b"value")
            written += 1
            if name == "header":
                assert _field(draft, text) == b"value"
            elif name == "body":
                inner = json.loads(draft.body or b"")
                for part in text.split("."):
                    inner = inner[part]
                assert inner == "value"
            else:
                assert READ_BACK[name](draft, text) == b"value"
    counted(f"slots: {len(strings)} strings in 4 styles, {written} written exactly, {refused} refused")
