"""``call`` in full: help, unusual flags, no daemon yet, and a person's consent."""

from __future__ import annotations

import json
from typing import Any

import click

from agentsecrets.cli import fast, flags
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import option, with_errand


def _options(command: Any) -> Any:
    for flag in reversed([flag for flag in flags.CALL if flag not in flags.STATUS]):
        command = option(flag)(command)
    return command


@click.command("call", short_help="Call an API with secrets that you never see.")
@_options
@with_errand
def call(errand: Errand, **typed: Any) -> int:
    """Call an API. Name the secrets; the daemon adds the values and takes them out of the answer.

    \b
    agentsecrets call --url https://api.example.com/v1/me --bearer EXAMPLE_KEY
    agentsecrets call --url https://api.example.com/v1/search --query key=SEARCH_KEY --header X-Team=TEAM_KEY

    Each kind of secret flag can be repeated, and they can be combined.
    """  # noqa: D301  (click takes the character itself for: leave the lines of this paragraph alone)
    given = {**errand.given, **_given(typed)}
    asks = errand.has_person and given.get("--body") != ["-"]
    ending = fast.call(errand.connection(), given, asks=asks)
    if ending.consent:
        _ask_consent(errand, json.loads(ending.consent))
        ending = fast.call(errand.connection(), given, asks=False)
    return fast.settled(ending)


def _given(typed: dict[str, Any]) -> flags.Given:
    """What click has read, as the quick path reads it."""
    values = {f"--{name.replace('_', '-')}": [value] if isinstance(value, str) else list(value) for name, value in typed.items()}
    return {flag: given for flag, given in values.items() if any(given) or (flag == "--body" and given != [""])}


def _ask_consent(errand: Errand, wanted: dict[str, str]) -> None:
    place = f"{wanted['style']} {wanted['slot']}".strip()
    errand.note(f"{wanted['key']} has never been used as {place} at {wanted['host']}.")
    binding = {"key": wanted["key"], "hosts": [wanted["host"]], "style": wanted["style"], "slot": wanted["slot"]}
    errand.presence("bind", password_stdin=False, wanted=binding)
