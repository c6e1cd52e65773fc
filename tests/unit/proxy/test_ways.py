"""What was decided for one call holds for those that differ in path and query alone, and only while nothing that decided has changed."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.ways import KEPT, LONGEST
from tests.parts.desk import HOST, Desk, at_a_desk, said, shown
from tests.parts.equipped import STYLES, VALUE

BEARER = STYLES["bearer"]
OTHER = "sk_live_another_9f8e7d6c5b4a"


@pytest.mark.parametrize("style", ["bearer", "basic", "header", None])
def test_a_call_on_a_trodden_way_sends_and_logs_what_it_would_without(tmp_path: Path, style: str | None):
    header = () if style is None else (STYLES[style].header,)  # type: ignore[index]

    async def tell(desk: Desk) -> None:
        engine = desk.fresh()
        for path in ("/", "/v1/items?a=b%20c&d", "/v1/items/%2Fx?", "/v1;p", "/" + "x" * 2000, "/v1/items"):
            for method in ("GET", "POST", "DELETE"):
                for host in (HOST, f"{HOST}:8443"):
                    here = await desk.call(engine, path, *header, ("Accept", "*/*"), method=method, host=host)
                    new = await desk.call(desk.fresh(), path, *header, ("Accept", "*/*"), method=method, host=host)
                    assert shown(here) == shown(new)
                    assert [said(event) for event in desk.told.events[-4:-2]] == [said(event) for event in desk.told.events[-2:]]
        assert len(engine._ways._kept) == 6

    at_a_desk(tmp_path, tell)


@pytest.mark.parametrize("style", ["query", "body", "form"])
def test_where_more_than_the_header_counts_every_call_is_judged_anew(tmp_path: Path, style: str):
    async def tell(desk: Desk) -> None:
        engine, asked = desk.fresh(), STYLES[style]  # type: ignore[index]
        kind = (("Content-Type", asked.kind),) if asked.kind else ()
        for _ in range(2):
            sent = await desk.call(engine, "/v1", asked.header, *kind, method="POST" if style == "body" else "PUT")
            assert VALUE.encode() in sent.request_target + (sent.body if isinstance(sent.body, bytes) else b"")
        assert not engine._ways._kept

    at_a_desk(tmp_path, tell)


def test_a_binding_with_paths_is_held_against_each_path(tmp_path: Path):
    async def tell(desk: Desk) -> None:
        await desk.house.rebind(Binding(KeyName(BEARER.key), (HOST,), "bearer", paths=("/v1",)))
        engine = desk.fresh()
        for _ in range(2):
            await desk.call(engine, "/v1/items", BEARER.header)
            with pytest.raises(AgentSecretsError) as refused:
                await desk.call(engine, "/v2", BEARER.header)
            assert refused.value.slug == "binding_mismatch"
        assert len(desk.sink.sent) == 2

    at_a_desk(tmp_path, tell)


def test_what_changes_while_the_intent_is_written_counts(tmp_path: Path):
    async def narrow(desk: Desk) -> None:
        await desk.house.rebind(Binding(KeyName(BEARER.key), (HOST,), "bearer", methods=("POST",)))

    async def tell(desk: Desk) -> None:
        engine = desk.fresh()
        await desk.call(engine, "/1", BEARER.header)
        desk.told.meanwhile = lambda: desk.house.set(BEARER.key, OTHER.encode())
        assert OTHER.encode() in (await desk.call(engine, "/2", BEARER.header)).section
        desk.told.meanwhile = lambda: narrow(desk)
        with pytest.raises(AgentSecretsError) as refused:
            await desk.call(engine, "/3", BEARER.header)
        assert refused.value.slug == "binding_mismatch"
        assert len(desk.sink.sent) == 2
        assert [event.outcome for event in desk.told.events] == ["", "ok", "", "ok", "", "blocked"]

    at_a_desk(tmp_path, tell)


def test_ways_are_few_say_nothing_and_are_swept_with_their_values(tmp_path: Path):
    async def tell(desk: Desk) -> None:
        engine = desk.fresh()
        for number in range(KEPT + 5):
            await desk.call(engine, "/", BEARER.header, ("Accept", f"text/{number}"))
        await desk.call(engine, "/", BEARER.header, ("Accept", "x" * LONGEST))
        assert len(engine._ways._kept) == KEPT
        assert all(b"xxx" not in way.section for way in engine._ways._kept.values())
        assert all(VALUE not in repr(way) for way in engine._ways._kept.values())
        desk.house.secrets._open.clear()
        engine.sweep()
        assert not engine._ways._kept

    at_a_desk(tmp_path, tell)


def test_what_changes_while_the_intent_is_written_is_told_of_the_next_call(tmp_path: Path):
    async def change(desk: Desk) -> None:
        await desk.house.set(BEARER.key, OTHER.encode())
        await desk.house.allow(AllowedHost("other.example.com"))

    async def tell(desk: Desk) -> None:
        engine = desk.fresh()
        await desk.call(engine, "/1", BEARER.header)
        desk.told.meanwhile = lambda: change(desk)
        for path in ("/2", "/3", "/4"):
            await desk.call(engine, path, BEARER.header)
        await desk.call(desk.fresh(), "/4", BEARER.header)
        for trodden, new in zip(desk.told.events[-4:-2], desk.told.events[-2:], strict=True):
            assert said(trodden) == said(new)

    at_a_desk(tmp_path, tell)


async def _rotate(desk: Desk) -> None:
    await desk.house.set(BEARER.key, OTHER.encode())


async def _delete(desk: Desk) -> None:
    await desk.house.secrets.delete(desk.house.place, KeyName(BEARER.key))


async def _allow_another(desk: Desk) -> None:
    await desk.house.allow(AllowedHost("other.example.com"))


@pytest.mark.parametrize("change", [_rotate, _delete, _allow_another])
def test_a_way_that_holds_no_longer_is_gone_with_its_value(tmp_path: Path, change: Callable[[Desk], Awaitable[None]]):
    async def tell(desk: Desk) -> None:
        engine = desk.fresh()
        await desk.call(engine, "/", BEARER.header)
        (old,) = engine._ways._kept.values()
        await change(desk)
        for _ in range(2):
            with contextlib.suppress(AgentSecretsError):
                await desk.call(engine, "/", BEARER.header)
            assert all(way is not old for way in engine._ways._kept.values())

    at_a_desk(tmp_path, tell)
