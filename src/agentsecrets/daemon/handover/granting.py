"""Getting the values of one command: by a remembered word, or by asking the person."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agentsecrets.client.control import Control, place_fields
from agentsecrets.client.launch import run_presence
from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.framing import unframe
from agentsecrets.errors import AgentSecretsError, BadUsage, FormatUnknown, PresenceRequired
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.variable import check_variables
from agentsecrets.wire.handover import Order
from agentsecrets.wire.messages import Handover

_MOST_ASKED = 48 << 10
"""Bytes of a question to a person: it travels through a pipe that holds 64 KiB, and a longer command cannot be read anyway."""


class Granted(NamedTuple):
    """What the command may have.

    Attributes:
        values: Key name → value.
        place: Project and environment, as a person reads them.
    """

    values: dict[str, bytes]
    place: str

    def __repr__(self) -> str:
        return f"<Granted {len(self.values)}>"


def granted(order: Order) -> Granted:
    """Asks the daemon, and the person where the daemon wants one.

    Raises:
        PresenceRequired: When a person is wanted and there is none.
        BadUsage: When the command cannot be shown to a person.
        AgentSecretsError: Whatever daemon or presence program refuses.
    """
    recipient = SealingKey.generate()
    try:
        folder = order.folder.decode()
    except UnicodeDecodeError:
        raise BadUsage(problem="the name of this folder is not UTF-8") from None
    control = Control(Path(order.home), place_fields(folder, order.project, order.environment, order.workspace))
    answer = None if order.remember else _without_person(control, order, recipient)
    if answer is None:
        answer = _by_person(order, folder, recipient)
    return _opened(answer, recipient)


def _without_person(control: Control, order: Order, recipient: SealingKey) -> dict[str, Any] | None:
    try:
        return control.ask("/v1/handover", Handover(command=order.command, only=order.only, recipient=recipient.public))
    except PresenceRequired:
        return None


def _by_person(order: Order, folder: str, recipient: SealingKey) -> dict[str, Any]:
    if not (order.password_stdin or order.asks):
        raise PresenceRequired
    request = {
        "deed": "handover",
        "home": order.home,
        "cwd": folder,
        "workspace": order.workspace,
        "project": order.project,
        "environment": order.environment,
        "command": order.command,
        "only": order.only,
        "recipient": recipient.public,
        "remember": order.remember,
    }
    if len(msgspec.json.encode(request)) > _MOST_ASKED:
        raise BadUsage(problem="a command of this length cannot be shown to a person: put it into a script")
    return run_presence(request, password_stdin=order.password_stdin)


def _opened(answer: dict[str, Any], recipient: SealingKey) -> Granted:
    """The values in the box. Names are checked again: a stranger on the control socket could have made the answer."""
    try:
        sealed, count = msgspec.convert(answer["sealed"], bytes), msgspec.convert(answer["count"], int)
        environment = "PRODUCTION" if answer["environment"] == "production" else answer["environment"]
        place = f"{answer['project']}, {environment}"
    except (KeyError, msgspec.ValidationError):
        raise FormatUnknown(kind="hand-over") from None
    parts = unframe(recipient.open(sealed), 2 * count, "hand-over")
    names = [parse_key_name(part.decode("ascii", "replace")) for part in parts[::2]]
    check_variables(names)
    if any(b"\0" in part for part in parts):
        raise AgentSecretsError
    return Granted(dict(zip(names, parts[1::2], strict=True)), place)
