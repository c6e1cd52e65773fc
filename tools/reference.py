"""Writes the pages under docs/reference that follow from the program itself; with ``--check`` only says whether they are current."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from agentsecrets.errors import FAMILIES, AgentSecretsError, leaves
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.catalogue import Provider, catalogue

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py. Do not edit: run `make format`. -->\n"
ERRORS_HEAD = """\
A failure has a *slug* for machines, a message for people, and a hint that says what to do. The command line prints message and hint on
standard error; with `--output json`, and from the proxy, they come as `{"error": SLUG, "message": …, "hint": …, "domain": …}`. The family
decides the exit status and the HTTP status.
"""
PROVIDERS_HEAD = """\
A value of one of these shapes is known when it is stored, and its key then goes to these hosts in this place only
([bindings](../PROXY.md#bindings)). A place that is a query is proposed, and needs a person. Where it says *publishes*, no other key is
pinned by a first call. `agentsecrets secrets providers` prints the same; `agentsecrets secrets bind KEY --for NAME` binds a key to one.

Not in the list: providers whose credentials have no public prefix, that give each customer a host of its own (for these:
`agentsecrets secrets bind KEY --host YOURS`), or that want requests signed with a key instead of the key itself, as AWS does
(for these: `agentsecrets env`).

The shapes come from the providers' own pages and from the public pattern lists of gitleaks and trufflehog.
"""
_LISTED = re.compile(r"^  ([a-z][a-z-]*)(?:  |$)", re.MULTILINE)
_COMMAND = Path(sys.executable).parent / "agentsecrets"


def main() -> int:
    """Writes or checks every page; the exit status is 1 when a page is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is not current")
    check = parser.parse_args().check
    pages = {"errors.md": errors_page(), "commands.md": commands_page(), "providers.md": providers_page()}
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


# --- providers ------------------------------------------------------------------------------------------------------------------------


def providers_page() -> str:
    """The catalogue of providers, as a table."""
    rows = [_provider_row(provider) for provider in sorted(catalogue().providers, key=lambda provider: provider.id)]
    head = "| `--for` | credential begins with | goes to | as | usual names | shape by |\n|---|---|---|---|---|---|"
    return "\n".join([NOTE, "# Providers\n", PROVIDERS_HEAD, head, *rows, ""])


def _provider_row(provider: Provider) -> str:
    cells = (
        f"[{provider.id}]({provider.docs})",
        _codes(provider.values),
        _codes(provider.hosts) + (" (publishes)" if provider.publishes else ""),
        _codes([provider.binding(KeyName(provider.keys[0])).place]),
        _codes(provider.keys),
        provider.source.removeprefix("https://"),
    )
    return f"| {' | '.join(cells)} |"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


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
