"""``log verify``, and the list of calls that ``proxy logs`` prints."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import click

from agentsecrets.cli import completing
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.failures import shows_color
from agentsecrets.cli.grammar import LazyGroup, with_errand
from agentsecrets.errors import LogBroken
from agentsecrets.wire.messages import LogQuery
from agentsecrets.wire.tables import table

LOG = LazyGroup(
    "log",
    short_help="Examine the log of all calls.",
    help="The log of all calls: one line for each, the refused ones too.",
    sources={"verify": "log:verify"},
)

_HEAD = ["Time", "Status", "Method", "Target", "Keys", "Agent", "Reason"]
_PAUSE_SECONDS = 0.25

Line = dict[str, Any]


@click.command("verify", short_help="Check that nothing is missing or altered.")
@with_errand
def verify(errand: Errand) -> None:
    """Recompute the hash chain of the log and check every signed checkpoint. A log that does not hold gives exit status 8."""
    verdict = errand.ask("/v1/log/verify")
    if verdict["first_bad"] is not None:
        raise LogBroken(index=verdict["first_bad"])
    told = f"The log holds together: {verdict['rows']} rows, {verdict['anchored']} of them under a signed checkpoint.\n"
    errand.tell(verdict, told)


@click.command("logs", short_help="Show the newest calls.")
@click.option("--last", default=20, type=click.IntRange(0, 10_000), help="How many; 20 by default.")
@click.option("--watch", is_flag=True, help="Go on, and show each call as it ends.")
@click.option("--secret", default="", metavar="KEY", shell_complete=completing.keys, help="Only calls that used this key.")
@click.option("--agent", default="", metavar="NAME", help="Only calls of this agent.")
@click.option("--status", default="", metavar="STATUS", help="Only OK, BLOCKED, FAILED, CANCELLED or UNKNOWN.")
@click.option("--env", "environment_shown", default="", metavar="NAME", help="Only calls in this environment.")
@with_errand
def calls(errand: Errand, last: int, watch: bool, environment_shown: str, **wanted: Any) -> None:
    """Show the newest calls, the newest last: a table on a terminal, one JSON object a line elsewhere.

    With conditions, those of the newest 100,000 rows of the log are shown to which all of them apply.
    """
    query = LogQuery(last=last, environment=environment_shown, **wanted)
    answer = errand.ask("/v1/log", query)
    found = answer["lines"]
    if errand.as_json and not watch:
        errand.tell(found, "")
    elif errand.as_json or not sys.stdout.isatty():
        _print_lines(found)
    else:
        sys.stdout.write(table(_HEAD, [_row(line) for line in found], color=shows_color(1)))
    if watch:
        for line in _following(errand, query.going_on(answer["after"])):
            _show_one(errand, line)


def _following(errand: Errand, query: LogQuery) -> Iterator[Line]:
    while True:
        sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)
        answer = errand.ask_running("/v1/log", query)
        yield from answer["lines"]
        query = query.going_on(answer["after"])


def _show_one(errand: Errand, line: Line) -> None:
    if errand.as_json or not sys.stdout.isatty():
        _print_lines([line])
    else:
        sys.stdout.write("  ".join(_row(line)) + "\n")


def _print_lines(lines: list[Line]) -> None:
    for line in lines:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _row(line: Line) -> list[str]:
    status = f"{line['status']} {line['status_code'] or ''}".strip()
    used = zip_longest(line["secret_keys"], line["auth_styles"])  # what a person was shown was used in no style
    keys = ", ".join(f"{key} ({style})" if style else key for key, style in used)
    when = line["timestamp"].replace("T", " ").partition(".")[0]
    target = line["target_url"] or line["program"]
    return [when, status, line["method"] or line["action"], target, keys, line["agent_id"], line["reason"]]
