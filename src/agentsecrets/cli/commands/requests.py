"""``secrets request``: an agent asks for a key, a person fills it in, and the agent learns only that it is set."""

from __future__ import annotations

import time
from typing import Any

import click

from agentsecrets.cli.errand import Document, Errand
from agentsecrets.cli.grammar import with_errand
from agentsecrets.cli.times import seconds
from agentsecrets.errors import RequestPending
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.messages import Ask
from agentsecrets.wire.tables import moment

_POLL_SECONDS = 20


@click.command("request", short_help="Ask a person for a secret, or answer what was asked.")
@click.argument("key", default="")
@click.option("--reason", default="", metavar="TEXT", help="What it is for; the person reads it.")
@click.option("--agent-id", default="", metavar="NAME", help="Who asks.")
@click.option("--wait", default="", metavar="TIME", help="How long to wait for the person, e.g. 5m; not at all by default.")
@with_errand
def request(errand: Errand, key: str, reason: str, agent_id: str, wait: str) -> None:
    """Ask a person for a secret by its name. The value goes from the person to the vault; whoever asked learns only that it is set.

    Without KEY: show what was asked for, and on a terminal ask for each value; Enter skips one.
    """
    if not key:
        _answer(errand)
        return
    asked = Ask(key=parse_key_name(key), reason=reason, agent=agent_id)
    told = _asked(errand, asked, seconds(wait, "--wait") if wait else 0)
    if not told["set"]:
        raise RequestPending(key=key)
    errand.tell(told, f"{told['key']} is set.\n")


def _asked(errand: Errand, asked: Ask, patience_s: int) -> Document:
    until = time.monotonic() + patience_s
    while True:
        left = max(0, int(until - time.monotonic()))
        told = errand.ask("/v1/requests/ask", Ask(key=asked.key, reason=asked.reason, agent=asked.agent, wait_s=min(left, _POLL_SECONDS)))
        if told["set"] or time.monotonic() >= until:
            return told


def _answer(errand: Errand) -> None:
    pending = errand.ask("/v1/requests")["requests"]
    if errand.as_json or not errand.has_person or not pending:
        errand.tell_table(pending, ["Key", "Asked", "By", "For", "Reason"], [_row(line) for line in pending])
        return
    done: dict[str, list[Any]] = {"set": [], "skipped": []}
    for line in pending:
        errand.note(f"{line['agent'] or 'An agent'} asks for {line['key']} ({line['project']}, {line['environment']}): {_quoted(line)}")
        place = Errand(errand.as_json, line["project_id"], line["environment"], line["workspace_id"])
        for outcome, keys in place.hand_over("fill", keys=[line["key"]]).items():
            done[outcome] += keys
    errand.tell(done, f"Stored {len(done['set'])}, skipped {len(done['skipped'])}.\n")


def _row(line: Document) -> list[str]:
    return [line["key"], moment(line["time_ms"]), line["agent"], f"{line['project']}, {line['environment']}", line["reason"]]


def _quoted(line: Document) -> str:
    """The agent's own words, so that they cannot pass for ours."""
    reason = "".join(letter if letter.isprintable() else "�" for letter in line["reason"])
    return f"“{reason}”" if reason else "no reason was given"
