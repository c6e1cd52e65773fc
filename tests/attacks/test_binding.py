"""A key goes only where it is bound: of all keys, hosts, styles, methods and paths, exactly the declared cells pass."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError, BadTarget, BindingRequired
from agentsecrets.model.agent import ANONYMOUS
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Injection, StyleName, Template
from agentsecrets.model.place import Place, ProjectId, WorkspaceId, new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import parse_target
from agentsecrets.ports import Standing
from agentsecrets.proxy.rules import RULES
from agentsecrets.proxy.rules.rule import Circumstances
from tests.conftest import Counted
from tests.parts.equipped import STYLES, equipped
from tests.parts.house import House, open_house, read
from tests.parts.tls import TlsUpstream

PLACE = Place(WorkspaceId(new_id()), ProjectId(new_id()), "development")
CELLS = int(os.environ.get("AGENTSECRETS_BINDINGS", "5000"))
HOSTS = (
    "api.example.com",
    "api.example.com:8443",
    "upload.example.com",
    "upload.example.com:8443",
    "api.example.org",
    "example.com",
    "eu.api.example.com",
    "apis.example.com",
    "api-example.com",
    "api.example.com.example.net",
    "xn--pi-7kc.example.com",
    "xn--exmple-4nf.com",
    "api.xn--exmple-4nf.com",
    "api.example.net",
    "localhost.example",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = (
    "/", "/v1", "/v1/", "/v1/items", "/v1/items/", "/v1/items/7", "/v1items", "/v10", "/v1.0/items", "/V1/items", "/v1/Items", "/v2/items",
    "/v2/items2", "/%76%31/items", "/v1%2Fitems", "/v1/%69tems", "/v1;x/items", "/v1/items;x=1", "/v1//items", "//v1/items",
    "/v1?next=/v2/items", "/other?next=/v1/items", "/v", "/v1_", "/v1/%C3%A9", "/v1/%c0%aeitems", "/v1/%25c0%25ae", "/v1/%e0%80%af",
    "/v1/%", "/v1/%zz", "/v1/%u002e",
)  # fmt: skip
SLOTS: tuple[tuple[StyleName, str], ...] = (
    ("bearer", ""), ("basic", ""), ("header", "X-Api-Key"), ("header", "x-api-key"), ("header", "X-Other"), ("query", "key"),
    ("query", "Key"),
    ("body", "a.b"), ("form", "secret"),
)  # fmt: skip
KEYS = {
    "ANYWHERE_ON_HOST": Binding(KeyName("ANYWHERE_ON_HOST"), ("api.example.com",), "bearer"),
    "READ_ONLY": Binding(KeyName("READ_ONLY"), ("api.example.com", "upload.example.com"), "header", "X-Api-Key", methods=("GET",)),
    "ONE_PATH": Binding(KeyName("ONE_PATH"), ("api.example.com:8443",), "query", "key", paths=("/v1",)),
    "NARROW": Binding(KeyName("NARROW"), ("api.example.org",), "form", "secret", ("POST",), ("/v1/", "/v2/items")),
    "ONE_LABEL": Binding(KeyName("ONE_LABEL"), ("*.example.com",), "basic"),
    "ONE_LABEL_THERE": Binding(KeyName("ONE_LABEL_THERE"), ("*.example.com:8443",), "body", "a.b", ("POST", "PUT"), ("/",)),
    "UNBOUND": None,
}


def _declared(key: str, host: str, style: str, slot: str, method: str, path: str) -> bool:
    """What a person who reads the bindings would say; written down apart from the code that decides."""
    return {
        "ANYWHERE_ON_HOST": host == "api.example.com" and style == "bearer",
        "READ_ONLY": host in ("api.example.com", "upload.example.com")
        and style == "header"
        and slot.lower() == "x-api-key"
        and method == "GET",
        "ONE_PATH": host == "api.example.com:8443"
        and (style, slot) == ("query", "key")
        and path in BELOW_V1 | {"/v1", "/v1?next=/v2/items"},
        "NARROW": host == "api.example.org"
        and (style, slot) == ("form", "secret")
        and method == "POST"
        and (path in BELOW_V1 or path == "/v2/items"),
        "ONE_LABEL": host in ONE_LABEL_MORE and style == "basic",
        "ONE_LABEL_THERE": host in ("api.example.com:8443", "upload.example.com:8443")
        and (style, slot) == ("body", "a.b")
        and method in ("POST", "PUT")
        and path not in READ_IN_TWO_WAYS,
        "UNBOUND": style in ("bearer", "basic", "header"),
    }[key]


ONE_LABEL_MORE = frozenset({"api.example.com", "upload.example.com", "apis.example.com", "xn--pi-7kc.example.com"})
BELOW_V1 = frozenset(
    {"/v1/", "/v1/items", "/v1/items/", "/v1/items/7", "/v1/Items", "/v1/%69tems", "/v1/items;x=1", "/v1//items", "/v1/%C3%A9"}
)
READ_IN_TWO_WAYS = frozenset({"/v1/%c0%aeitems", "/v1/%25c0%25ae", "/v1/%e0%80%af", "/v1/%", "/v1/%zz", "/v1/%u002e"})


def _passes(call: Call, bound: Binding | None, standing: Standing) -> bool:
    circumstances = Circumstances(standing, standing.allowlist.find(call.target), {} if bound is None else {bound.key: bound})
    return all(rule.check(call, circumstances) is None for rule in RULES)


def _no_target(path: str) -> bool:
    """Whether no call may have this path at all."""
    try:
        parse_target(f"https://api.example.com{path}")
    except BadTarget:
        return True
    return False


def test_exactly_the_declared_cells_pass(counted: Counted):
    hosts = [parse_target(f"https://{host}/") for host in HOSTS]
    standing = Standing(Allowlist(tuple(AllowedHost(host.host, host.port) for host in hosts)), "owner")
    paths = [path for path in PATHS if not _no_target(path)]
    assert len(paths) >= 20
    every = list(itertools.product(KEYS, HOSTS, SLOTS, METHODS, paths))
    random.Random("bindings").shuffle(every)
    passed = 0
    for key, host, (style, slot), method, path in every[:CELLS]:
        template = Template(PLACE, ANONYMOUS, method, (Injection(style, slot, KeyName(key)),), ())
        call = Call(template, parse_target(f"https://{host}{path}"))
        passes = _passes(call, KEYS[key], standing)
        passed += passes
        assert passes is _declared(key, host, style, slot, method, path), (key, host, style, slot, method, path)
    for key in KEYS:
        assert any(_declared(key, host, style, slot, method, path) for key_, host, (style, slot), method, path in every if key_ == key)
    counted(f"bindings: {min(CELLS, len(every))} of {len(every)} cells, {passed} pass, exactly the declared ones")


CLIMBING = (
    "/v1/../admin",
    "/v1/%2e%2e/admin",
    "/v1/.%2E/admin",
    "/v1/..%2fadmin",
    "/v1/..%5Cadmin",
    "/v1/%2e%2e%2fadmin",
    "/v1/..;/admin",
    "/v1/..;a=b/admin",
    "/v1/%252e%252e/admin",
    "/v1/..%252fadmin",
    "/v1/%25252e%25252e%25252fadmin",
    "/v1/x/..%2f..%2fadmin",
    "/v1/.;/../admin",
    "/v1/..",
    "/v1/.",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_prefix_is_not_left_by_climbing(path: str):
    with pytest.raises(AgentSecretsError):
        parse_target(f"https://api.example.com{path}")


def test_a_key_that_is_bound_or_pinned_is_sent_nowhere_else(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, first) as house:
            await house.allow(second.allowed)
            await house.set("FRESH_KEY", b"sk_live_51HxQ")
            fresh = ("X-AS-Inject-Bearer", "FRESH_KEY")
            await read(await house.call(first.url("/echo"), fresh))
            for asked in (STYLES["bearer"].header, fresh):
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(second.url("/echo"), asked)
                assert refused.value.slug == "binding_mismatch"
            for asked in (("X-AS-Inject-Header-X-Leak", "BEARER_KEY"), ("X-AS-Inject-Query-q", "FRESH_KEY")):
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(first.url("/echo"), asked)
                assert refused.value.slug == "binding_mismatch"
            await house.set("NEVER_USED", b"sk_live_51HxQ")
            for style, place in (("Query", "q"), ("Body", "files.x.content"), ("Form", "text")):
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(first.url("/echo"), (f"X-AS-Inject-{style}-{place}", "NEVER_USED"), method="POST")
                assert refused.value.slug == "binding_required"

    with TlsUpstream() as first, TlsUpstream(ca=first.ca) as second:
        asyncio.run(tell())
        assert len(first.seen) == 1
        assert not second.seen


PUBLISHING = (
    "somebody.github.io",
    "bucket.s3.amazonaws.com",
    "storage.googleapis.com",
    "gist.github.com",
    "api.github.com",
    "webhook.site",
)


@pytest.mark.parametrize("host", PUBLISHING)
def test_no_call_pins_a_key_where_anybody_can_publish_what_it_writes(tmp_path: Path, host: str):
    """The call is refused before the name is even resolved, whatever the agent writes for the host, and leaves no binding behind."""

    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await house.allow(AllowedHost(host))
            await house.set("FRESH_KEY", b"q7Zp-Lw3xVt9KdRm")
            for style in ("Bearer", "Basic", "Header-X-Amz-Meta-Note"):
                for url in (f"https://{host}/x", f"https://{host.upper()}/x", f"https://{host}:443/x"):
                    with pytest.raises(BindingRequired) as refused:
                        await house.call(url, (f"X-AS-Inject-{style}", "FRESH_KEY"), method="PUT")
                    assert "shows to others" in refused.value.message
            assert await house.binding(house.place, KeyName("FRESH_KEY")) is None

    asyncio.run(tell())


def test_of_many_first_uses_at_once_one_pins_and_the_others_are_judged_by_it(tmp_path: Path, counted: Counted):
    async def tell() -> tuple[int, int]:
        async with equipped(tmp_path, first) as house:
            await house.allow(second.allowed)
            for number in range(ROUNDS):
                key = f"FRESH_{number}"
                await house.set(key, b"q7Zp-Lw3xVt9KdRm")
                asked = [
                    (upstream.url(f"/{key}"), (f"X-AS-Inject-{style}", key))
                    for upstream in (first, second)
                    for style in ("Bearer", "Header-X-Key")
                    for _ in range(2)
                ]
                ended = await asyncio.gather(*(_ended(house, url, header) for url, header in asked))
                bound = await house.binding(house.place, KeyName(key))
                assert bound is not None
                (host,), place = bound.hosts, bound.place
                for (url, (field, _)), slug in zip(asked, ended, strict=True):
                    fits = f"//{host}/" in url and ("Bearer" in field) is (place == "bearer")
                    assert slug == ("" if fits else "binding_mismatch")
        return len(first.seen), len(second.seen)

    with TlsUpstream() as first, TlsUpstream(ca=first.ca) as second:
        sent = asyncio.run(tell())
        assert sum(sent) == 2 * ROUNDS
    counted(f"bindings: {ROUNDS} keys, 8 first uses of each at once, {sum(sent)} sent, all to the one pinned place")


async def _ended(house: House, url: str, header: tuple[str, str]) -> str:
    try:
        await read(await house.call(url, header))
    except AgentSecretsError as refused:
        return refused.slug
    return ""


ROUNDS = 10
