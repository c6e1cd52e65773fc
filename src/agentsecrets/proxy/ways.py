"""Ways that calls have gone: what was decided and made for one, for those that differ from it in path and query alone.

A way is gone again only while everything that it was decided by is the very same object: the standing of the workspace, the binding and
the opened value of each key. Whatever changes one of them makes another object of it. It is not kept where path, query or body could make
another call of it: for styles that write or judge more than header fields, and for bindings with paths.
"""

from __future__ import annotations

import contextlib

import msgspec

from agentsecrets.crypto.value import Value
from agentsecrets.errors import Locked
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Template
from agentsecrets.model.event import Event
from agentsecrets.model.recent import Recent
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Authority, Body, Opener, Outbound, Standing
from agentsecrets.proxy.inject import Credentials, Injected, request_target
from agentsecrets.proxy.styles import STYLES
from agentsecrets.redact import Matcher

KEPT = 64
"""How many stay in memory."""

LONGEST = 8 * 1024
"""Longest header lines, in bytes, of a way that is kept."""

_Alike = tuple[Template, str, str, int]


class Way(msgspec.Struct, frozen=True):
    """One way. Holds values: its repr is empty.

    Attributes:
        alike: What calls on it have in common.
        standing: What allowed it.
        keys: Each key with the binding and the value that it was gone with.
        intent: What the log was told of the call that went first.
        allowed: The allowlist entry.
        section: The header lines with the values in them.
        matcher: What must not come back.
    """

    alike: _Alike
    standing: Standing
    keys: tuple[tuple[KeyName, Binding, Value], ...]
    intent: Event
    allowed: AllowedHost
    section: bytes
    matcher: Matcher | None

    def __repr__(self) -> str:
        return "<Way>"

    def injected(self, call: Call, body: Body, length: int | None) -> Injected:
        """The request of another call on this way."""
        target = call.target
        asked = request_target(target.path, target.query)
        return Injected(Outbound(target, self.allowed, call.template.method, asked, self.section, body, length), self.matcher)


class Ways:
    """Keeps the ways of late calls while they hold.

    Args:
        authority: What the workspace allows.
        opener: The way to values.
    """

    def __init__(self, authority: Authority, opener: Opener) -> None:
        self._authority, self._opener = authority, opener
        self._kept: Recent[_Alike, Way] = Recent(KEPT)

    def known(self, call: Call) -> Way | None:
        """The way of a call, if one like it has gone it under the standing of now; of another standing it is dropped. Raises Locked."""
        way = self._kept.get(_alike(call))
        if way is not None and self._authority.standing(call.template.place.workspace_id) is not way.standing:
            self._drop(way)
            return None
        return way

    def holds(self, way: Way) -> bool:
        """Whether keys belong where they did and stand for what they did; else the way is dropped. Raises Locked."""
        place = way.alike[0].place
        for key, bound, value in way.keys:
            if self._authority.bound(place, key) is not bound or self._opener.held(place, key) is not value:
                self._drop(way)
                return False
        return True

    def keep(self, credentials: Credentials, intent: Event, injected: Injected) -> None:
        """Keeps the way of a call, unless one that looks like it could have to go another, or it holds no longer."""
        permit, values = credentials.permit, credentials.values
        fixed = all(STYLES[injection.style].fixed and not bound.paths for injection, bound, _ in values)
        if not fixed or len(injected.outbound.section) > LONGEST:
            return
        keys = tuple((injection.key, bound, value) for injection, bound, value in values)
        way = Way(_alike(permit.call), permit.standing, keys, intent, permit.allowed, injected.outbound.section, injected.matcher)
        with contextlib.suppress(Locked):
            if self.holds(way):
                self._kept.keep(way.alike, way)

    def sweep(self) -> None:
        """Drops the ways that hold no longer, all of them while the vault is locked."""
        try:
            for way in [*self._kept.values()]:
                self.holds(way)
        except Locked:
            self._kept.clear()

    def _drop(self, way: Way) -> None:
        """What holds no longer keeps no value in memory either."""
        self._kept.pop(way.alike, None)


def _alike(call: Call) -> _Alike:
    """What calls on one way have in common."""
    target = call.target
    return call.template, target.scheme, target.host, target.port
