"""``env``: runs a command with values in its environment."""

from __future__ import annotations

import os
import shlex
from typing import Any, NoReturn

import click

from agentsecrets.cli import calls, completing
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import SETTINGS, password_stdin, with_errand
from agentsecrets.client.handover import become_handover
from agentsecrets.errors import BadUsage, TooManyToMask
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.handover import Order
from agentsecrets.wire.messages import Handover, RememberedId

_MOST_MASKED = 500
"""Values that output is searched for: each costs the matcher some milliseconds before the command starts."""


@click.command(
    "env", short_help="Run a command with secrets in its environment.", context_settings={**SETTINGS, "allow_interspersed_args": False}
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.option(
    "--only", multiple=True, metavar="KEY,KEY", shell_complete=completing.key_lists, help="Hand over these keys alone; repeatable."
)
@click.option("--no-mask", is_flag=True, help="Give the command the output itself: values in it are not taken out.")
@click.option("--remember", is_flag=True, help="Let this very command have these keys without asking from now on.")
@click.option("--remembered", is_flag=True, help="List the commands that are remembered.")
@click.option("--forget", default="", metavar="ID", help="Ask again for this one; the beginning of its id is enough.")
@password_stdin
@with_errand
def env(errand: Errand, command: tuple[str, ...], remembered: bool, forget: str, **given: Any) -> None:
    """Run a command with the secrets of this project and environment as environment variables.

    This is one of the three doors by which values leave: the command can read them, and so can every program that it starts, and while it
    runs every program of your user. At protection level guarded each run needs the account password. Prefer `agentsecrets call` where an
    API call is all that is needed.

    Values are taken out of what the command prints. Lines go on as they end, a prompt after 50 ms of silence.

    With --remember, the same command in the same folder with the same keys needs no password any more: any program of your user can then
    have these values by asking for it.
    """
    if (remembered or forget) and command:
        raise BadUsage(problem="--remembered and --forget stand alone")
    if remembered:
        _list(errand)
    elif forget:
        _forget(errand, forget)
    else:
        _run(errand, command, given)


def _run(errand: Errand, command: tuple[str, ...], given: dict[str, Any]) -> NoReturn:
    if not command:
        raise BadUsage(problem="the command is missing: agentsecrets env -- COMMAND")
    only = tuple(parse_key_name(name.strip()) for names in given["only"] for name in names.split(","))
    words = tuple(os.fsencode(word) for word in command)
    keys = errand.ask("/v1/handover/keys", Handover(command=words, only=only))["keys"]
    if len(keys) > _MOST_MASKED and not given["no_mask"]:
        raise TooManyToMask(keys=len(keys), most=_MOST_MASKED)
    order = Order(
        home=str(errand.home),
        folder=os.fsencode(errand.folder),
        command=words,
        variables=tuple(os.environb.items()),
        only=only,
        remember=bool(given["remember"]),
        masks=not given["no_mask"],
        password_stdin=bool(given["password_stdin"]),
        as_json=errand.as_json,
        asks=errand.has_person,
        **dict(calls.named_place(errand.given)),
    )
    become_handover(order)


def _list(errand: Errand) -> None:
    known = errand.ask("/v1/handover/remembered")["remembered"]
    rows = [
        [
            line["id"][:8],
            shlex.join(line["command"]),
            line["folder"],
            f"{line['project']}, {'PRODUCTION' if line['environment'] == 'production' else line['environment']}",
            ", ".join(line["keys"]),
        ]
        for line in known
    ]
    errand.tell_table(known, ["Id", "Command", "Folder", "Place", "Keys"], rows)


def _forget(errand: Errand, beginning: str) -> None:
    gone = errand.ask("/v1/handover/forget", RememberedId(id=beginning))
    errand.note("whoever had these values keeps them: change them at their providers if that matters")
    errand.tell(gone, f"Not remembered any more: {shlex.join(gone['command'])}\n")
