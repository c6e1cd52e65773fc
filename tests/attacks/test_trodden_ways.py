"""Whatever happens between two calls, an engine that has seen many calls judges, sends and logs each as one that has seen none."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentsecrets.crypto.value import Value
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import read_target
from tests.conftest import Counted
from tests.parts.desk import HOST, Desk, at_a_desk, said, shown
from tests.parts.equipped import STYLES

STEPS = 400
KEYS = tuple(KeyName(STYLES[style].key) for style in ("bearer", "header"))
HEADERS = (STYLES["bearer"].header, STYLES["header"].header)
PORTS = {HOST: 443, f"{HOST}:8443": 8443}
PATHS = ("/v1/items", "/v1/items?page=2", "/v2")
VALUES = tuple(b"sk_live_%d_9f8e7d6c5b4a" % number for number in range(3))

Chance = random.Random


def _place(desk: Desk, chance: Chance) -> Place:
    return replace(desk.house.place, environment=chance.choice(("development", "staging")))


async def _set(desk: Desk, chance: Chance) -> None:
    await desk.house.secrets.set([_place(desk, chance)], chance.choice(KEYS), Value(chance.choice(VALUES)))


async def _delete(desk: Desk, chance: Chance) -> None:
    await desk.house.secrets.delete(_place(desk, chance), chance.choice(KEYS))


async def _restore(desk: Desk, chance: Chance) -> None:
    await desk.house.secrets.restore(_place(desk, chance), chance.choice(KEYS))


async def _roll_back(desk: Desk, chance: Chance) -> None:
    await desk.house.secrets.rollback(_place(desk, chance), chance.choice(KEYS), 0)


async def _copy(desk: Desk, _chance: Chance) -> None:
    staging = replace(desk.house.place, environment="staging")
    await desk.house.secrets.copy(desk.house.place, staging, overwrite=True)


def _binding(chance: Chance) -> Binding:
    style = chance.choice(("bearer", "header"))
    return Binding(
        KeyName(STYLES[style].key),  # type: ignore[index]
        chance.choice((tuple(PORTS), tuple(PORTS), (HOST,))),
        style,  # type: ignore[arg-type]
        STYLES[style].slot,  # type: ignore[index]
        methods=chance.choice(((), (), ("GET",))),
        paths=chance.choice(((), (), ("/v1",))),
        origin=chance.choice(("person", "person", "person", "open")),
    )


async def _bind(desk: Desk, chance: Chance) -> None:
    binding = _binding(chance)
    await desk.house.bindings.find(desk.house.place, binding.key)
    await desk.house.rebind(binding)


async def _narrow(desk: Desk, chance: Chance) -> None:
    await desk.house.bindings.narrow(desk.house.place, _binding(chance))


async def _disallow(desk: Desk, chance: Chance) -> None:
    await desk.house.disallow(HOST, PORTS[chance.choice([*PORTS])])


async def _allow(desk: Desk, chance: Chance) -> None:
    private = chance.choice(((), ("10.0.0.0/8",), ("192.168.0.0/16",)))
    await desk.house.allow(AllowedHost(HOST, PORTS[chance.choice([*PORTS])], private=private))


CHANGES = (_set, _set, _delete, _restore, _restore, _roll_back, _copy, _bind, _bind, _narrow, _disallow, _allow, _allow)


async def _change(desk: Desk, chance: Chance) -> None:
    """One that is not possible as things are changes nothing."""
    try:
        await chance.choice(CHANGES)(desk, chance)
    except AgentSecretsError:
        return


def _call(desk: Desk, chance: Chance) -> Call:
    method, host, path = chance.choice(("GET", "GET", "POST")), chance.choice([*PORTS]), chance.choice(PATHS)
    asked = [header for header in HEADERS if chance.random() < 2 / 3]
    call = desk.house.asked(method, f"https://{host}{path}", *[(name.encode(), value.encode()) for name, value in asked])
    return Call(replace(call.template, place=_place(desk, chance), resolution_path=chance.choice(("active", "header"))), call.target)


def _like(call: Call, chance: Chance) -> Call:
    """One that differs in path and query alone."""
    return Call(call.template, read_target(f"https://{call.target.host_and_port}{chance.choice(PATHS)}".encode()))


async def _become(desk: Desk, engine: Engine, call: Call) -> tuple[object, object, object]:
    """What a call comes to, what was sent, and what the log was told of its end."""
    sent = len(desk.sink.sent)
    try:
        (await engine.run(call, None, None)).sent()
        slug = "ok"
    except AgentSecretsError as refused:
        slug = refused.slug
    return slug, [shown(one) for one in desk.sink.sent[sent:]], said(desk.told.events[-1])


@pytest.mark.parametrize("seed", range(3))
def test_a_call_is_what_it_would_be_for_an_engine_that_has_seen_none(tmp_path: Path, seed: int, counted: Counted):
    chance, ends = Chance(seed), list[object]()

    def meanwhile(desk: Desk) -> Callable[[], Awaitable[object]]:
        async def changes() -> None:
            for _ in range(3):
                await _change(desk, chance)

        return changes

    async def tell(desk: Desk) -> None:
        engine, trodden = desk.fresh(), 0
        await _copy(desk, chance)
        call = _call(desk, chance)
        for _ in range(STEPS):
            if chance.random() < 1 / 4:
                await _change(desk, chance)
            if chance.random() < 1 / 8:
                desk.told.meanwhile = meanwhile(desk)
                await _become(desk, engine, call)
                desk.told.meanwhile = None
            call = _like(call, chance) if chance.random() < 3 / 4 else _call(desk, chance)
            trodden += engine._ways.known(call) is not None
            here = await _become(desk, engine, call)
            assert here == await _become(desk, desk.fresh(), call)
            ends.append(here[0])
        assert trodden > STEPS / 20
        assert len({*ends}) > 3

    at_a_desk(tmp_path, tell)
    counted(f"calls on trodden ways: {STEPS} between changes, all as for a new engine")
