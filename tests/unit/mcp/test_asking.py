"""What a call brought is read wherever it was cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.mcp.asking import envelope

TEXTS = st.text(st.sampled_from('a"\\\n\x00\x1fä€😀}]'), max_size=30)


def _written(body: str) -> bytes:
    head = json.dumps({"status": 200, "headers": {"X-A": ["b"]}})
    tail = json.dumps({"redacted": False, "duration_ms": 3})
    return f'{head[:-1]}, "body": {json.dumps(body, ensure_ascii=False)}, {tail[1:]}'.encode()


@given(body=TEXTS)
def test_a_whole_one_is_read(body: str):
    assert envelope(_written(body)) == {"status": 200, "headers": {"X-A": ["b"]}, "body": body, "redacted": False, "duration_ms": 3}


@given(body=TEXTS, cut=st.integers(0, 200))
def test_one_that_was_cut_within_its_body_has_the_part_that_came(body: str, cut: int):
    whole = _written(body)
    start, end = whole.index(b'"body": ') + 9, whole.rindex(b', "redacted"') - 1
    read = envelope(whole[: min(start + cut, end)])
    assert isinstance(read["body"], str)
    assert body.startswith(read["body"])
    assert len(body) - len(read["body"]) <= max(0, end - start - cut) + 12
    assert read["status"] == 200


@pytest.mark.parametrize("written", [b"", b"{", b"[]", b"7", b'{"status": 200, "headers": ', b"\xff"])
def test_what_is_none_is_refused(written: bytes):
    with pytest.raises(ValueError):
        envelope(written)
