"""A key goes only where it is bound: of all keys, hosts, styles, methods and paths, exactly the declared cells pass."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.agent import ANONYMOUS
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Injection, StyleName
from agentsecrets.model.place import Place, ProjectId, WorkspaceId, new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import Target, parse_target
from agentsecrets.ports import Standing
from agentsecrets.proxy.rules import RULES
from agentsecrets.proxy.rules.rule import Circumstances
from tests.conftest import Counted
from tests.parts.equipped import STYLES, equipped
from tests.parts.house import read
from tests.parts.tls import TlsUpstream

PLACE = Place(WorkspaceId(new_id()), ProjectId(new_id()), "development")
HOSTS = ("api.example.com", "api.example.com:8443", "upload.example.com", "api.example.org")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATHS = ("/", "/v1", "/v1/items", "/v1items", "/v2/items", "/V1/items")
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
    "UNBOUND": None,
}


def _declared(key: str, host: str, style: str, slot: str, method: str, path: str) -> bool:
    """What a person who reads the bindings would say."""
    under_v1 = path in ("/v1", "/v1/items")
    return {
        "ANYWHERE_ON_HOST": host == "api.example.com" and style == "bearer",
        "READ_ONLY": host in ("api.example.com", "upload.example.com")
        and style == "header"
        and slot.lower() == "x-api-key"
        and method == "GET",
        "ONE_PATH": host == "api.example.com:8443" and (style, slot) == ("query", "key") and under_v1,
        "NARROW": host == "api.example.org"
        and (style, slot) == ("form", "secret")
        and method == "POST"
        and path in ("/v1/items", "/v2/items"),
        "UNBOUND": style in ("bearer", "basic", "header"),
    }[key]


def _passes(call: Call, bound: Binding | None) -> bool:
    hosts = [parse_target(f"https://{host}/") for host in HOSTS]
    standing = Standing(Allowlist(tuple(AllowedHost(host.host, host.port) for host in hosts)), "owner")
    circumstances = Circumstances(standing, standing.allowlist.find(call.target), {} if bound is None else {bound.key: bound})
    return all(rule.check(call, circumstances) is None for rule in RULES)


def test_exactly_the_declared_cells_pass(counted: Counted):
    cells = passed = 0
    for key, host, (style, slot), method, path in itertools.product(KEYS, HOSTS, SLOTS, METHODS, PATHS):
        target: Target = parse_target(f"https://{host}{path}")
        call = Call(PLACE, ANONYMOUS, method, target, (Injection(style, slot, KeyName(key)),), ())
        cells += 1
        passes = _passes(call, KEYS[key])
        passed += passes
        assert passes is _declared(key, host, style, slot, method, path), (key, host, style, slot, method, path)
    counted(f"bindings: {cells} cells, {passed} pass, exactly the declared ones")


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
            await house.allow(AllowedHost("localhost", second.port, private=("127.0.0.0/8", "::1/128"), ca=second.ca_pem))
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
