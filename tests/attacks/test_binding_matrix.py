"""A key goes exactly where the words of its binding say, and nowhere else: cells of host, port, method, path, style, place and state.

The oracle below knows nothing of the program. It reads the words in which the design says what a binding is, and each text that a call may
be written with stands beside its meaning, put there by hand: the host, port or path that every server would take it for, or ``None`` when
two could take it differently, so that it has to be refused. A cell is a whole call: header fields as an agent sends them, through the
parser, the rules, the vault and the injection, up to what would be sent.
"""

from __future__ import annotations

import asyncio
import os
import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Outbound
from agentsecrets.proxy.engine import Engine
from tests.conftest import Counted
from tests.parts.house import House, open_house
from tests.parts.unreached import Unreached

CELLS = int(os.environ.get("AGENTSECRETS_BINDINGS", "5000"))
VALUE = "q7Zd9Kf2Xw4Lm8Rt1Bv6"

# --- what a call may be written with, and what it means -------------------------------------------------------------------------------

HOSTS: dict[str, str | None] = {
    "api.example.com": "api.example.com",
    "API.Example.COM": "api.example.com",
    "a.wild.example.org": "a.wild.example.org",
    "b.wild.example.org": "b.wild.example.org",
    "bücher.wild.example.org": "xn--bcher-kva.wild.example.org",
    "xn--bcher-kva.wild.example.org": "xn--bcher-kva.wild.example.org",
    "wild.example.org": "wild.example.org",
    "b.a.wild.example.org": "b.a.wild.example.org",
    "awild.example.org": "awild.example.org",
    "evil.example": "evil.example",
    "api.example.com.evil.example": "api.example.com.evil.example",
    "evil-api.example.com": "evil-api.example.com",
    "аpi.example.com": "xn--pi-6kc.example.com",  # the first letter is Cyrillic
    "xn--pi-6kc.example.com": "xn--pi-6kc.example.com",
    "93.184.216.34": "93.184.216.34",
    "someone.github.io": "someone.github.io",
    "hooks.slack.com": "hooks.slack.com",
    "bucket.s3.amazonaws.com": "bucket.s3.amazonaws.com",
    "api.example.com.": None,
    "api..example.com": None,
    "user@api.example.com": None,
    "api.example.com@evil.example": None,
    "api.example.com%2eevil.example": None,
    "api.example.com\\.evil.example": None,
    "api.exam\u200bple.com": None,
    "ａpi.example.com": None,
    "api_.example.com": None,
    "*.wild.example.org": None,
    "93.184.8738": None,
    "0x5d.184.216.34": None,
    "": None,
}
PUBLISHING = {"someone.github.io", "hooks.slack.com", "bucket.s3.amazonaws.com"}
PORTS: dict[str, int | None] = {
    "": 443, ":443": 443, ":8443": 8443, ":80": 80, ":": None, ":0443": None, ":+443": None, ":65979": None, ":443:8443": None,
}  # fmt: skip
PATHS: dict[str, str | None] = {
    "": "/",
    "/": "/",
    "/v1": "/v1",
    "/v1/": "/v1/",
    "/v1/items": "/v1/items",
    "/v1/items/7": "/v1/items/7",
    "/v1/items?x=/v2/": "/v1/items",
    "/v1/items/7?to=https://evil.example/": "/v1/items/7",
    "/v1/items/a%2Fb": "/v1/items/a%2Fb",
    "/v1/items;v=2": "/v1/items;v=2",
    "/v1/itemsx": "/v1/itemsx",
    "/v10": "/v10",
    "/V1/items": "/V1/items",
    "/%76%31/items": "/%76%31/items",
    "/v1%2Fitems": "/v1%2Fitems",
    "//v1/items": "//v1/items",
    "/v2": "/v2",
    "/v2/": "/v2/",
    "/v2/x": "/v2/x",
    "/admin?/v1/items": "/admin",
    "/v1/items/../../admin": None,
    "/v1/items/%2e%2e/admin": None,
    "/v1/items/..%2fadmin": None,
    "/v1/items/%252e%252e%252fadmin": None,
    "/v1/items/..;/admin": None,
    "/v1/items\\..\\admin": None,
    "/v1/items#/v2": None,
    "/v1/it ems": None,
}
READ_DIFFERENTLY = {"/v1/items/%c0%ae%c0%ae/admin", "/v1/items/%u002e", "/v1/items/%zz", "/v1/items/%e0%80%af"}
"""Some servers make something else of them: allowed where every path is, and within no prefix."""
PATHS |= {path: path for path in READ_DIFFERENTLY}
METHODS: dict[str, str | None] = {
    "GET": "GET", "get": "GET", "POST": "POST", "PATCH": "PATCH", "DELETE": "DELETE", "HEAD": "HEAD", "TRACE": None, "CONNECT": None,
    "GETS": None, "*": None,
}  # fmt: skip
PLACES: dict[str, tuple[str, str] | None] = {
    "bearer": ("bearer", ""),
    "basic": ("basic", ""),
    "header:X-Api-Key": ("header", "x-api-key"),
    "header:x-API-key": ("header", "x-api-key"),
    "header:X-Api-Keys": ("header", "x-api-keys"),
    "header:X_Api_Key": ("header", "x_api_key"),
    "query:key": ("query", "key"),
    "query:KEY": ("query", "KEY"),
    "body:a.b": ("body", "a.b"),
    "body:a": ("body", "a"),
    "form:secret": ("form", "secret"),
    "header:Host": None,
    "header:X Key": None,
    "cookie:key": None,
    "query:": None,
}
"""Names of header fields are the same in any case (RFC 9110); all other names are as they are."""


# --- what is bound, in words ----------------------------------------------------------------------------------------------------------


class Bound(NamedTuple):
    """What a person reads about a key: hosts with their ports, ``*`` for one label; methods; paths; the place. Empty means all."""

    hosts: tuple[tuple[str, int], ...]
    place: str
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


WIDE = Bound((("api.example.com", 443), ("api.example.com", 8443), ("*.wild.example.org", 443)), "header:X-Api-Key")
NARROW = Bound((("a.wild.example.org", 443),), "header:X-Api-Key", ("GET", "POST"), ("/v1/items", "/v2/"))
STATES: dict[str, Bound | None] = {
    "never bound": None,
    "let go": None,
    "pinned": Bound((("api.example.com", 443),), "bearer"),
    "pinned on a port": Bound((("api.example.com", 8443),), "header:X-Api-Key"),
    "pinned by its value": Bound((("api.example.com", 443), ("evil.example", 443)), "bearer"),
    "chosen wide": WIDE,
    "chosen narrow": NARROW,
    "narrowed": NARROW,
    "narrowed pin": Bound((("api.example.com", 443),), "bearer", ("GET",), ("/v1",)),
    "chosen anew": Bound((("evil.example", 443),), "basic", ("POST",)),
    "wild on a port": Bound((("*.wild.example.org", 8443),), "query:key", (), ("/v1",)),
    "body": Bound((("api.example.com", 443),), "body:a.b", ("POST", "PATCH"), ("/v1/items",)),
    "form": Bound((("api.example.com", 443), ("xn--pi-6kc.example.com", 443)), "form:secret", ("POST",)),
    "published": Bound((("hooks.slack.com", 443), ("someone.github.io", 443)), "bearer", (), ("/",)),
    "literal": Bound((("93.184.216.34", 443),), "bearer", (), ("/v1/items/a%2Fb", "/v1/items/7")),
}


class Cell(NamedTuple):
    """One call: a text for each of its parts."""

    state: str
    host: str
    port: str
    path: str
    method: str
    place: str

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.port}{self.path}"


def told(cell: Cell) -> bool:
    """What the design says about a cell: true when the key may go."""
    host, port, path = HOSTS[cell.host], PORTS[cell.port], PATHS[cell.path]
    method, place = METHODS[cell.method], PLACES[cell.place]
    if host is None or port is None or path is None or method is None or place is None:
        return False
    bound = STATES[cell.state]
    if bound is None:  # "pinned at first use, for bearer, basic and header only"; "hosts that publish user content need presence"
        return place[0] in ("bearer", "basic", "header") and host not in PUBLISHING
    return (
        any(port == its_port and _is_host(host, its_host) for its_host, its_port in bound.hosts)
        and place == PLACES[bound.place]
        and (not bound.methods or method in bound.methods)
        and (not bound.paths or (path not in READ_DIFFERENTLY and any(_lies_below(path, prefix) for prefix in bound.paths)))
    )


def _is_host(host: str, bound: str) -> bool:
    """Exact, or a wildcard that stands for one label."""
    if not bound.startswith("*."):
        return host == bound
    labels = host.split(".")
    return labels[1:] == bound.split(".")[1:]


def _lies_below(path: str, prefix: str) -> bool:
    """Segment by segment; a prefix that ends with a slash is only what lies below it."""
    mine, its = path.split("/"), prefix.split("/")
    if its[-1] == "":
        return len(mine) >= len(its) and mine[: len(its) - 1] == its[:-1]
    return mine[: len(its)] == its


# --- drawing cells --------------------------------------------------------------------------------------------------------------------

AXES = (tuple(HOSTS), tuple(PORTS), tuple(PATHS), tuple(METHODS), tuple(PLACES))


@cache
def cells(count: int) -> tuple[Cell, ...]:
    """Cells without repetition: one in four anywhere, the others at most two steps from one that passes, where mistakes live."""
    draw = random.Random("bindings")
    drawn: dict[Cell, None] = {}
    states = list(STATES)
    while len(drawn) < count:
        state = states[len(drawn) % len(states)]
        cell = Cell(state, *(draw.choice(axis) for axis in AXES)) if draw.random() < 1 / 4 else _near(state, draw)
        drawn.setdefault(cell)
    return tuple(drawn)


def _near(state: str, draw: random.Random) -> Cell:
    while not told(cell := Cell(state, *(_likely(axis, state, draw) for axis in AXES))):
        pass
    steps = draw.choice((0, 0, 1, 1, 1, 2))
    for at in draw.sample(range(len(AXES)), steps):
        cell = cell._replace(**{Cell._fields[at + 1]: draw.choice(AXES[at])})
    return cell


def _likely(axis: tuple[str, ...], state: str, draw: random.Random) -> str:
    """Something from an axis, mostly what the binding of a state names."""
    fitting = [word for word in axis if word in _named(state)]
    return draw.choice(fitting) if fitting and draw.random() < 2 / 3 else draw.choice(axis)


@cache
def _named(state: str) -> frozenset[str]:
    """The texts that the binding of a state names, a wildcard by the hosts that end as it does."""
    bound = STATES[state]
    if bound is None:
        return frozenset()
    ports = {"" if port == PORTS[""] else f":{port}" for _, port in bound.hosts}
    hosts = {text for text in HOSTS for host, _ in bound.hosts if text == host or (host.startswith("*") and text.endswith(host[1:]))}
    return frozenset({bound.place, *bound.methods, *bound.paths, *hosts, *ports})


# --- running cells --------------------------------------------------------------------------------------------------------------------


def _binding(key: KeyName, bound: Bound, origin: str = "person") -> Binding:
    hosts = tuple(host if port == 443 else f"{host}:{port}" for host, port in bound.hosts)
    style, _, slot = bound.place.partition(":")
    return Binding(key, hosts, style, slot, bound.methods, bound.paths, origin)  # type: ignore[arg-type]


async def _bring(house: House, state: str, key: KeyName) -> None:
    """Brings a key into a state as the program itself would."""
    bound = STATES[state]
    place, bindings = house.place, house.bindings
    if state == "never bound":
        return
    if bound is None:
        first = await house.bind(_binding(key, WIDE))
        await house.bind(Binding(key, (), "bearer", origin="open"), previous=first.encode())
    elif state.startswith("pinned"):
        await bindings.pin(place, _binding(key, bound, "pinned"))
    elif state == "narrowed":
        await house.bind(_binding(key, WIDE))
        assert await bindings.narrow(place, _binding(key, bound)) is not None
    elif state == "narrowed pin":
        await bindings.pin(place, _binding(key, STATES["pinned"] or WIDE, "pinned"))
        assert await bindings.narrow(place, _binding(key, bound)) is not None
    elif state == "chosen anew":
        first = await house.bind(_binding(key, WIDE))
        await house.bind(_binding(key, bound), previous=first.encode())
    else:
        await house.bind(_binding(key, bound))


def _body(place: str) -> tuple[bytes | None, tuple[tuple[str, str], ...]]:
    if place.startswith("body"):
        return b'{"x":1}', (("Content-Type", "application/json"),)
    if place.startswith("form"):
        return b"x=1", (("Content-Type", "application/x-www-form-urlencoded"),)
    return None, ()


async def _run(house: House, sink: Unreached, cell: Cell, key: KeyName) -> bool:
    """Makes one call; true when it was sent."""
    body, fields = _body(cell.place)
    before = len(sink.sent)
    try:
        reply = await house.call(cell.url, ("X-AS-Inject", f"{cell.place}={key}"), *fields, method=cell.method, body=body)
        await reply.close()
    except AgentSecretsError:
        assert len(sink.sent) == before, cell
        return False
    assert len(sink.sent) == before + 1, cell
    return True


def _check_sent(cell: Cell, outbound: Outbound) -> None:
    """What is sent goes to what the cell means, and holds the value."""
    target = outbound.target
    assert (target.host, target.port, target.path, outbound.method) == (
        HOSTS[cell.host],
        PORTS[cell.port],
        PATHS[cell.path],
        METHODS[cell.method],
    ), cell
    whole = b"\n".join((outbound.request_target, outbound.section))
    whole += outbound.body if isinstance(outbound.body, bytes) else b""
    assert VALUE.encode() in whole or cell.place == "basic", cell


async def _matrix(root: Path, count: int) -> dict[str, list[int]]:
    told_of = {state: [0, 0] for state in STATES}
    async with open_house(root / "home") as house:
        sink = Unreached()
        house.engine = Engine(house, house.secrets, sink, house.journal, house.clock)
        for host in {host for host in HOSTS.values() if host is not None}:
            for port in {port for port in PORTS.values() if port is not None}:
                await house.allow(AllowedHost(host, port))
        kept: dict[str, KeyName] = {}
        for number, cell in enumerate(cells(count)):
            fresh = STATES[cell.state] is None  # a call that passes pins its key, so each has its own
            key = KeyName(f"KEY_{number}") if fresh else kept.get(cell.state)
            if key is None or fresh:
                key = kept[cell.state] = key or KeyName(f"BOUND_{len(kept)}")
                await house.set(key, f"user:{VALUE}".encode())
                await _bring(house, cell.state, key)
            passes = await _run(house, sink, cell, key)
            assert passes is told(cell), (cell, cell.url)
            told_of[cell.state][passes] += 1
            if passes:
                _check_sent(cell, sink.sent.pop())
                if fresh:
                    await _check_pin(house, cell, key)
    return told_of


async def _check_pin(house: House, cell: Cell, key: KeyName) -> None:
    """The first call has pinned exactly its own host, port and place, for all methods and paths."""
    pinned = await house.bindings.find(house.place, key)
    host, port, place = HOSTS[cell.host], PORTS[cell.port], PLACES[cell.place]
    assert pinned is not None
    assert place is not None
    assert pinned.hosts == (host if port == 443 else f"{host}:{port}",)
    assert (pinned.style, pinned.slot.lower(), pinned.methods, pinned.paths) == (*place, (), ())


def test_exactly_the_cells_that_the_design_declares_pass(tmp_path: Path, counted: Counted):
    told_of = asyncio.run(_matrix(tmp_path, CELLS))
    refused, passed = (sum(counts[at] for counts in told_of.values()) for at in (0, 1))
    assert refused + passed == CELLS
    assert min(refused, passed) > CELLS // 20, "cells of both kinds"  # no cell comes twice, and fewer pass than are refused
    assert all(min(counts) > 0 for counts in told_of.values()), told_of
    counted(f"bindings: {CELLS} cells in {len(STATES)} states, {passed} pass, exactly those that the design declares")


def test_the_oracle_and_the_cells_are_worth_something():
    """Every text of every axis is drawn, alone decides some cell, and a pass does not hang on one axis only."""
    drawn = cells(CELLS)
    passing = [cell for cell in drawn if told(cell)]
    for at, axis in enumerate(AXES, start=1):
        assert {cell[at] for cell in drawn} == set(axis)
        name = Cell._fields[at]
        assert any(not told(cell._replace(**{name: word})) for cell in passing[:200] for word in axis)
