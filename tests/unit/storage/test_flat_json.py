"""Secrets from JSON: one flat object of texts, or nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.errors import BadImport
from agentsecrets.storage.flat_json import read_flat_json


def test_members_are_read_in_their_order():
    assert read_flat_json(b'\xef\xbb\xbf{"B": "1", "A": "\\u20ac\\n ${x}"}').entries == [("B", b"1"), ("A", "€\n ${x}".encode())]
    assert read_flat_json(b"{}").entries == []
    assert read_flat_json(b'{"A": "", "B": "1"}').empty == ["A"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"A": "1",\n "B": canary}', "line 2 cannot be read: it is not JSON"),
        ("", "line 1"),
        ("[]", "not a JSON object"),
        ('"canary"', "not a JSON object"),
        ('[["A", "canary"]]', "not a JSON object"),
        ('{"A": "1", "B": {"canary": "x"}}', "member 2 cannot be read: its value is no text"),
        ('{"A": ["canary"]}', "member 1"),
        ('{"A": 1}', "member 1"),
        ('{"A": true}', "member 1"),
        ('{"A": null}', "member 1"),
        ('{"A": NaN}', "member 1"),
        ('{"A": "a\\u0000b"}', "NUL"),
        ('{"A": "1", "B": "2", "A": "canary"}', "member 3 cannot be read: the same name stands in member 1"),
        ('{"canary-x": "1"}', "a name is"),
        ('{"\u0410": "1"}', "a name is"),
        ('{"A": "\\ud800"}', "surrogate"),
        ('{"A":' * 100_000, "flat object|not JSON"),
        ('{"A": ' + "9" * 100_000 + "}", "flat object|no text"),
    ],
)
def test_anything_else_is_refused_without_its_content(text: str, words: str):
    with pytest.raises(BadImport, match=words) as refused:
        read_flat_json(text.encode())
    assert "canary" not in refused.value.message


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    ),
    st.booleans(),
)
def test_any_texts_survive(entries: dict[str, str], ascii_only: bool):
    content = json.dumps(entries, ensure_ascii=ascii_only).encode()
    assert read_flat_json(content).entries == [(key, value.encode()) for key, value in entries.items()]
