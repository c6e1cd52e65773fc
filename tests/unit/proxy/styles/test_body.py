"""A value goes into a JSON body as text: what the agent wrote stays as it was, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.errors import AgentSecretsError, BadBody, BadInjection, ConflictingCredentials
from agentsecrets.proxy.styles.body import STYLE
from agentsecrets.proxy.styles.style import Draft

VALUE = 'k"\\é\u2028'


def _injected(body: bytes, slot: str, value: str = VALUE) -> bytes:
    draft = Draft(None, [], body)
    STYLE.check_slot(slot)
    STYLE.write(draft, slot, value.encode())
    assert draft.body is not None
    return draft.body


KEPT = [
    b'{"a":1e400}',
    b'{"a":-0.0,"b":1E+2,"c":0.1000000000000000055511151231257827021181583404541015625}',
    b'{"id":' + b"9" * 5000 + b"}",
    b'{"a":"\\ud800","b":"\\u0041\\/","\\udfff":1}',
    b' \r\n{ "a" : [ { "token" : 1 } , "}" ] ,\t"b":"{\\"token\\":1}" } \n',
    '{"é":"ü","x":{"a.b":null}}'.encode(),
]


@pytest.mark.parametrize("body", KEPT)
@pytest.mark.parametrize("slot", ["token", "auth.token", "x.y.token"])
def test_nothing_that_the_agent_wrote_is_written_anew(body: bytes, slot: str):
    written = _injected(body, slot)
    at = next(index for index, (one, other) in enumerate(zip(body, written, strict=False)) if one != other)
    added = len(written) - len(body)
    assert any(written[:start] + written[start + added :] == body for start in range(max(0, at - 1), at + 1))
    inner: Any = json.loads(written.decode(), parse_int=str, parse_float=str)
    for name in slot.split("."):
        inner = inner[name]
    assert inner == VALUE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.text('abc."\\ é', min_size=1, max_size=3).filter(lambda name: all(name.split(".")) and name.isprintable())


@given(document=st.dictionaries(st.text("abc", max_size=2), JSON, max_size=4), slot=NAMES, indent=st.sampled_from([None, 0, 1]))
def test_a_member_is_added_where_the_path_says_and_everything_else_is_the_same(document: dict[str, Any], slot: str, indent: int | None):
    body = json.dumps(document, indent=indent).encode()
    try:
        written = json.loads(_injected(body, slot))
    except (BadBody, ConflictingCredentials):
        return
    inner, here = written, document
    *parents, last = slot.split(".")
    for name in parents:
        inner, here = inner[name], here.setdefault(name, {})
    assert inner[last] == VALUE
    here[last] = VALUE
    assert written == document


REFUSED: dict[str, tuple[bytes, str]] = {
    "an array": (b"[]", "a"),
    "nothing but a number": (b"1", "a"),
    "two values": (b"{}{}", "a"),
    "a comment": (b"{/**/}", "a"),
    "a trailing comma": (b'{"b":1,}', "a"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "a"),
    "UTF-16": ("{}".encode("utf-16"), "a"),
    "bytes that are no text": (b'{"b":"\xff"}', "a"),
    "a surrogate in UTF-8": (b'{"b":"\xed\xa0\x80"}', "a"),
    "two members of one name": (b'{"b":1,"b":2}', "a"),
    "the same name in other escapes": (b'{"b":{"c":1,"\\u0063":2}}', "a"),
    "a number that is none": (b'{"b":NaN}', "a"),
    "infinity": (b'{"b":-Infinity}', "a"),
    "a control character": (b'{"b":"\x01"}', "a"),
    "65 levels": (b'{"b":' + b"[" * 64 + b"]" * 64 + b"}", "a"),
    "100,000 levels": (b'{"b":' + b"[" * 100_000, "a"),
    "a path through text": (b'{"a":"x"}', "a.b"),
    "a path through null": (b'{"a":null}', "a.b"),
    "a path through an array": (b'{"a":[{}]}', "a.0"),
}


@pytest.mark.parametrize(("body", "slot"), REFUSED.values(), ids=REFUSED.keys())
def test_what_two_readers_could_understand_in_two_ways_is_refused(body: bytes, slot: str):
    with pytest.raises(BadBody):
        _injected(body, slot)


@pytest.mark.parametrize("body", [b'{"a":{"token":null}}', b'{"a":{"tok\\u0065n":"mine"}}'])
def test_a_member_of_the_agents_own_is_a_conflict(body: bytes):
    with pytest.raises(ConflictingCredentials):
        _injected(body, "a.token")


@pytest.mark.parametrize("slot", ["", ".", "a.", ".a", "a..b", "a\n", "x" * 513, ".".join(["a"] * 65)])
def test_a_path_that_names_nothing_is_refused(slot: str):
    with pytest.raises(BadInjection):
        STYLE.check_slot(slot)


def test_a_value_that_is_not_text_does_not_go_into_json():
    with pytest.raises(AgentSecretsError) as refused:
        STYLE.write(Draft(None, [], b"{}"), "a", b"\xff\xfe")
    assert refused.value.slug == "bad_injection"
