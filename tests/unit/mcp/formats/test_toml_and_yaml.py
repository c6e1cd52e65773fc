"""TOML and YAML keep comments, order and what we know nothing of."""

from __future__ import annotations

from typing import Any

import pytest

from agentsecrets.mcp.formats import BY_NAME
from agentsecrets.mcp.formats.format import Unreadable, with_member, without_empty

ENTRY: dict[str, Any] = {"command": "/bin/agentsecrets", "args": ["mcp", "serve"]}

TOML = [
    "",
    "# only a comment\n",
    '# top\nmodel = "x" # which\n\n[profiles.fast]\nmodel = "y"\n',
    '[mcp_servers]\n\n[mcp_servers.other]\ncommand = "x" # theirs\nenv = { TOKEN = "t" }\n',
    'mcp_servers.other.command = "x" # theirs\n',
    'mcp_servers = { other = { command = "x" } } # inline\n',
    '[mcp_servers.agentsecrets]\ncommand = "old" # ours\nargs = []\n\n[tui] # last\ntheme = 1\n',
    '[mcp_servers.agentsecrets]\ncommand = "old"\n[mcp_servers.agentsecrets.env]\nA = "1"\n[tui]\nx = 1979-05-27T07:32:00Z\n',
    "a = 1\r\n# windows\r\n[b]\r\nc = 2\r\n",
]
YAML = [
    "",
    "# only a comment\n",
    "# top\nGOOSE_MODEL: x # which\n",
    "extensions:\n  developer: # theirs\n    enabled: true\n    args: ['-y', \"b\"]\nGOOSE_PROVIDER: y\n",
    "extensions: {}\nb: |\n  text\n  more\n",
    "extensions:\nb: 1\n",
    "base: &base\n  timeout: 300\nextensions:\n  other:\n    <<: *base\n    cmd: z\n",
    "extensions:\n  agentsecrets:\n    cmd: old # ours\n    enabled: false\nlast: 1 # end\n",
]
CASES = [("toml", ("mcp_servers", "agentsecrets"), text) for text in TOML] + [
    ("yaml", ("extensions", "agentsecrets"), text) for text in YAML
]
COMMENTS = ("# only a comment", "# top", "# which", "# theirs", "# inline", "# last", "# windows", "# end")


@pytest.mark.parametrize(("language", "path", "text"), CASES)
def test_an_entry_is_put_in_and_taken_out_and_everything_else_stays(language: str, path: tuple[str, ...], text: str):
    form = BY_NAME[language]
    before = form.read(text)
    written = form.put(text, path, ENTRY)
    assert form.read(written) == with_member(before, path, ENTRY)
    assert form.put(written, path, ENTRY) == written
    removed = form.remove(written, path)
    assert without_empty(form.read(removed), path) == without_empty(with_member(before, path, None), path)
    for comment in COMMENTS:
        assert (comment in written) is (comment in text)
        assert (comment in removed) is (comment in text)


@pytest.mark.parametrize(
    ("language", "text", "line"),
    [
        ("toml", "a = 1\nb = = 2\n", 2),
        ("toml", "a = 1\na = 2\n", 2),
        ("toml", "[a]\n[a]\n", 2),
        ("yaml", "a: 1\nb: [1\n", 3),
        ("yaml", "a: 1\na: 2\n", 2),
        ("yaml", "- a\n- b\n", 1),
        ("yaml", "just words\n", 1),
        ("yaml", "a: !!python/object/apply:os.system ['true']\n", 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(language: str, text: str, line: int):
    with pytest.raises(Unreadable) as problem:
        BY_NAME[language].read(text)
    assert problem.value.line in {line, 0}
