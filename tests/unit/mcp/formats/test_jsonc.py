"""JSON with comments is edited as text: the edit is there, and everything else is as it was, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.mcp.formats.format import Unreadable, with_member
from agentsecrets.mcp.formats.jsonc import FORMAT

PATH = ("mcpServers", "agentsecrets")
ENTRY: dict[str, Any] = {"command": "/bin/agentsecrets", "args": ["mcp", "serve"]}

TEXTS = [
    "",
    "  \n",
    "\ufeff",
    "{}",
    "{ }\n",
    "{\n}\n",
    '{"a": 1}',
    '{ "a": 1 }',
    '{\n  "a": 1\n}\n',
    '{\n\t"a": 1,\n}\n',
    '{\r\n    "a": 1\r\n}\r\n',
    '\ufeff{\n  "a": 1\n}\n',
    '// top\n{\n  // about a\n  "a": 1, // one\n  /* last */\n}\n// bottom\n',
    '{\n  "a": 1 // one\n}',
    '{ "a": 1 // one\n}',
    "{ /* nothing yet */ }",
    "{ // nothing yet\n}",
    '{"mcpServers": {}}',
    '{\n  "mcpServers": {\n    // none\n  },\n  "b": "//, not a comment /*",\n}',
    '{\n  "mcpServers": {\n    "other": {"command": "x", "env": {"TOKEN": "t\\u0000\\"}"}}\n  }\n}\n',
    '{\n  "mcpServers": {\n    "other": {"command": "x"}, // theirs\n  }\n}\n',
    '{\n  "mcpServers": {\n    "agentsecrets": {"command": "old", "args": []}, // ours\n    "other": {}\n  }\n}\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_an_entry_is_put_in_and_everything_else_stays(text: str):
    before = FORMAT.read(text)
    written = FORMAT.put(text, PATH, ENTRY)
    assert FORMAT.read(written) == with_member(before, PATH, ENTRY)
    for comment in ("// top", "// about a", "// one", "/* last */", "// bottom", "/* nothing yet */", "// none", "// theirs", "// ours"):
        assert (comment in written) is (comment in text)
    assert ("\r\n" in written) is ("\r\n" in text)
    assert "\n" not in written.replace("\r\n", "") or "\r\n" not in text
    assert written.startswith("\ufeff") is text.startswith("\ufeff")
    if "//" not in text and "/*" not in text and ",\n}" not in text:
        json.loads(written.removeprefix("\ufeff"))  # strict parsers can read what they could read before


@pytest.mark.parametrize("text", TEXTS)
def test_an_entry_that_was_put_in_can_be_taken_out(text: str):
    before = FORMAT.read(text)
    written = FORMAT.put(text, PATH, ENTRY)
    removed = FORMAT.remove(written, PATH)
    assert FORMAT.read(removed) == with_member(before, PATH, None)
    assert FORMAT.put(removed, PATH, ENTRY).count("agentsecrets") == written.count("agentsecrets")


def test_the_style_of_the_file_is_kept():
    assert FORMAT.put('{\n\t"a": 1\n}\n', PATH, ENTRY) == (
        '{\n\t"a": 1,\n\t"mcpServers": {\n\t\t"agentsecrets": {\n\t\t\t"command": "/bin/agentsecrets",\n'
        '\t\t\t"args": ["mcp", "serve"]\n\t\t}\n\t}\n}\n'
    )
    assert FORMAT.put('{"a": 1}', ("b",), {"c": 1}) == '{"a": 1, "b": {"c": 1}}'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", 1),
        ("7", 1),
        ("{", 1),
        ("{}}", 1),
        ('{"a": 1 "b": 2}', 1),
        ('{\n"a": 1,\n"a": 2\n}', 3),
        ("{\n'a': 1\n}", 2),
        ('{"a": 01}', 1),
        ('{"a": "x\ny"}', 1),
        ('{"a": "\\x"}', 1),
        ("{,}", 1),
        ('{"a": 1,,}', 1),
        ("{ /* open", 1),
        ('{"a": NaN}', 1),
        ('{"a": ' + "1" * 5000 + "}", 1),
        ('{"a":' * 300 + "1" + "}" * 300, 1),
        ("\n\n# comment", 3),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int):
    for work in (FORMAT.read, lambda text: FORMAT.put(text, PATH, ENTRY)):
        with pytest.raises(Unreadable) as problem:
            work(text)
        assert problem.value.line == line


def test_a_way_that_leads_through_something_else_is_refused():
    with pytest.raises(Unreadable):
        FORMAT.put('{"mcpServers": [1]}', PATH, ENTRY)


NAMES = st.text('ab/*,{}[]"\\\n:', max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
BLANKS = st.sampled_from(["", " ", "\n", "/**/", "/* , } */", "// {\n", "\r\n\t"])


@st.composite
def _texts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A document with comments and blanks wherever they may stand."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            members = [f"{draw(BLANKS)}{json.dumps(name)}{draw(BLANKS)}:{draw(BLANKS)}{written(member)}" for name, member in value.items()]
            return "{" + ",".join(members) + (draw(st.sampled_from(["", ","])) if members else "") + draw(BLANKS) + "}"
        if isinstance(value, list):
            return "[" + ",".join(draw(BLANKS) + written(member) for member in value) + draw(BLANKS) + "]"
        return json.dumps(value)

    document = draw(st.dictionaries(NAMES | st.sampled_from(["mcpServers"]), JSON, max_size=3))
    if not isinstance(document.get("mcpServers", {}), dict):
        document["mcpServers"] = {}
    return draw(BLANKS) + written(document) + draw(BLANKS), document


@given(_texts())
def test_any_document_is_read_edited_and_put_back(drawn: tuple[str, dict[str, Any]]):
    text, document = drawn
    assert FORMAT.read(text) == document
    written = FORMAT.put(text, PATH, ENTRY)
    assert FORMAT.read(written) == with_member(document, PATH, ENTRY)
    removed = FORMAT.remove(written, PATH)
    assert FORMAT.read(removed) == with_member(document, PATH, None)
    assert FORMAT.read(FORMAT.put(removed, PATH, ENTRY)) == with_member(document, PATH, ENTRY)


@given(st.text('{}[]",:/* \n\\a1', max_size=12))
def test_garbage_is_refused_and_never_crashes(text: str):
    try:
        written = FORMAT.put(text, PATH, ENTRY)
    except Unreadable:
        return
    assert FORMAT.read(written) == with_member(FORMAT.read(text), PATH, ENTRY)
