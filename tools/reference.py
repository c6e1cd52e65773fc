"""Writes the pages under docs/reference that follow from the program itself; with ``--check`` only says whether they are current."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.errors import FAMILIES, AgentSecretsError, leaves

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py. Do not edit: run `make format`. -->\n"
ERRORS_HEAD = """\
A failure has a *slug* for machines, a message for people, and a hint that says what to do. The command line prints message and hint on
standard error; with `--output json`, and from the proxy, they come as `{"error": SLUG, "message": …, "hint": …, "domain": …}`. The family
decides the exit status and the HTTP status.
"""
_LISTED = re.compile(r"^  ([a-z][a-z-]*)(?:  |$)", re.MULTILINE)
_COMMAND = Path(sys.executable).parent / "agentsecrets"


def main() -> int:
    """Writes or checks every page; the exit status is 1 when a page is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is not current")
    check = parser.parse_args().check
    pages = {"errors.md": errors_page(), "commands.md": commands_page()}
    stale = [name for name, text in pages.items() if not _is(REFERENCE / name, text)]
    if check:
        for name in stale:
            print(f"docs/reference/{name} is not current: run `make format`", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (REFERENCE / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


# --- errors ---------------------------------------------------------------------------------------------------------------------------


def errors_page() -> str:
    """Every way to fail, family by family."""
    parts = [NOTE, "# Errors\n", ERRORS_HEAD]
    for family in FAMILIES:
        parts.append(f"## {family.__name__}: exit status {family.exit_code}, HTTP {family.http_status}\n")
        parts.append(f"{family.__doc__}\n")
        parts.append("| slug | message | hint |\n|---|---|---|")
        parts.extend(_error_row(leaf, family) for leaf in leaves().values() if leaf.__base__ is family)
        parts.append("")
    return "\n".join(parts)


def _error_row(leaf: type[AgentSecretsError], family: type[AgentSecretsError]) -> str:
    status = f" (HTTP {leaf.http_status})" if leaf.http_status != family.http_status else ""
    return f"| `{leaf.slug}`{status} | {_cell(leaf.words)} | {_cell(leaf.mend)} |"


def _cell(text: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda blank: f"*{blank[1]}*", text.replace("|", "\\|").replace("<", "&lt;"))


# --- commands -------------------------------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """The help text of every command, in the order in which the program lists them."""
    parts = [NOTE, "# Commands\n", "What each command says about itself with `--help`.\n"]
    for words, text in _helps(()):
        parts.append(f"## `{' '.join(('agentsecrets', *words))}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _helps(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    text = _help(words)
    yield words, text
    _, _, listed = text.partition("\nCommands:\n")
    for name in _LISTED.findall(listed):
        yield from _helps((*words, name))


def _help(words: tuple[str, ...]) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "COLUMNS": "100", "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    run = subprocess.run([_COMMAND, *words, "--help"], env=environment, capture_output=True, text=True, timeout=60, check=True)
    return "\n".join(line.rstrip() for line in run.stdout.strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
