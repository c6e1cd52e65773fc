"""What the presence program can do: one file per deed, each exports one DEED."""

from agentsecrets.daemon.deeds import (
    allow,
    bind,
    deposit,
    disallow,
    examine,
    fill,
    found,
    handover,
    imports,
    init,
    leave,
    levels,
    password,
    protection,
    recovery,
    returning,
    reveal,
    trust,
    unbind,
    unlock,
)
from agentsecrets.daemon.deeds.deed import Deed

DEEDS: tuple[Deed, ...] = (
    init.DEED,
    leave.DEED,
    returning.DEED,
    unlock.DEED,
    password.DEED,
    recovery.DEED,
    levels.DEED,
    protection.DEED,
    allow.DEED,
    disallow.DEED,
    bind.DEED,
    unbind.DEED,
    trust.DEED,
    deposit.DEED,
    fill.DEED,
    imports.DEED,
    examine.DEED,
    found.DEED,
    reveal.DEED,
    handover.DEED,
)
"""All deeds."""
