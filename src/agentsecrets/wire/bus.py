"""Where the session bus of a Linux desktop is: the one thing of a caller's environment that our programs are told."""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE = "DBUS_SESSION_BUS_ADDRESS"

NONE = "disabled:"
"""No bus, and none is looked for: what the specification's implementations take it for."""

_LOCAL = re.compile(r"unix:(?:path|abstract)=[A-Za-z0-9_/.\\*%-]{1,256}(?:,guid=[0-9a-f]{32})?")
"""Source: D-Bus specification, server addresses; other transports may start programs or leave the machine."""


def is_local(address: str) -> bool:
    """Whether it is the address of one socket on this machine."""
    return _LOCAL.fullmatch(address) is not None


def bus_address(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable for a program of ours: as it is when it names a socket of this machine, ``NONE`` when it names something else.

    What answers there is not trusted: see the threat model.
    """
    address = environment.get(VARIABLE, "")
    return {VARIABLE: address if is_local(address) else NONE} if address else {}
