"""Exactly the declared cells of host, method, path, style and slot are permitted."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from agentsecrets.errors import AgentSecretsError, BadHeader, BadName, BadUsage
from agentsecrets.model.agent import declared
from agentsecrets.model.binding import Binding, parse_methods, parse_paths, pin
from agentsecrets.model.call import Injection, StyleName
from agentsecrets.model.event import Event, new_event_id
from agentsecrets.model.place import is_id, new_id, parse_environment, parse_name
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import parse_target

KEY = KeyName("KEY")
STYLES: tuple[tuple[StyleName, str], ...] = (
    ("bearer", ""), ("basic", ""), ("header", "X-Api-Key"), ("header", "X-Other"),
    ("query", "key"), ("query", "KEY"), ("body", "a.b"), ("form", "key"),
)  # fmt: skip
HOSTS = ("api.example.com", "api.example.com:8443", "api.example.org", "example.com", "evil-api.example.com", "api.example.com.evil.net")
METHODS, PATHS = ("GET", "POST", "DELETE"), ("/", "/v1", "/v1/", "/v1/me", "/v10", "/v1%2fme", "/V1/me", "/v2")


@pytest.mark.parametrize(("style", "slot"), STYLES)
def test_a_binding_permits_what_it_declares_and_no_other_cell(style: StyleName, slot: str):
    binding = Binding(KEY, ("api.example.com:8443", "api.example.org"), style, slot, ("GET", "POST"), ("/v1",))
    permitted = {
        (host, method, path, other)
        for host, method, path, other in product(HOSTS, METHODS, PATHS, STYLES)
        if binding.permits(parse_target(f"https://{host}{path}"), method, Injection(*other, KEY))
    }
    declared_cells = product(("api.example.com:8443", "api.example.org"), ("GET", "POST"), ("/v1", "/v1/", "/v1/me"), [(style, slot)])
    assert permitted == set(declared_cells)


def test_a_header_s_name_counts_whatever_its_case_and_no_other_slot_s():
    target = parse_target("https://api.example.com/")
    header = Binding(KEY, ("api.example.com",), "header", "X-Api-Key")
    assert header.permits(target, "GET", Injection("header", "x-api-KEY", KEY))
    assert not replace(header, style="query").permits(target, "GET", Injection("query", "x-api-KEY", KEY))


def test_a_binding_without_hosts_permits_nothing():
    assert not Binding(KEY, (), "bearer").permits(parse_target("https://api.example.com/"), "GET", Injection("bearer", "", KEY))


def test_a_pin_is_the_one_place_of_the_first_use():
    pinned = pin(parse_target("https://api.example.com:8443/v1?x"), Injection("query", "key", KEY))
    assert pinned == Binding(KEY, ("api.example.com:8443",), "query", "key", origin="pinned")
    assert not pinned.permits(parse_target("https://api.example.com/v1"), "GET", Injection("query", "key", KEY))


def test_ids_are_128_random_bits_in_lower_case():
    assert len({new_id() for _ in range(100)}) == 100
    assert is_id(new_id())
    for other in ("", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "a" * 31 + "\n", "a" * 32 + "\n", "１" * 32):
        assert not is_id(other)


@pytest.mark.parametrize("text", ["", " a", "a ", "-a", ".a", "x" * 65, "a/b", "a\nb", "a\n", "é", "a\0b", "shоp", "a\u200bb", "a:b"])
def test_a_name_that_could_look_like_another_or_like_none_is_refused(text: str):
    with pytest.raises(BadName):
        parse_name(text, "project")


@pytest.mark.parametrize("text", ["a", "Shop 2.0", "x" * 64, "a_b-c.d", "7"])
def test_a_name_is_kept_as_it_is(text: str):
    assert parse_name(text, "project") == text


@pytest.mark.parametrize("text", ["", "prod", "Production", "production ", "dev"])
def test_there_are_three_environments(text: str):
    with pytest.raises(BadUsage):
        parse_environment(text)


@pytest.mark.parametrize("text", ["", "\x1b[0m", "a\nb", "x" * 129, " a", "a\0"])
def test_an_agent_s_name_is_plain(text: str):
    with pytest.raises(BadHeader):
        declared(text)


def test_an_event_has_no_field_that_a_value_could_stand_in():
    assert set(Event.__struct_fields__) == {
        "id", "phase", "time_ms", "action", "workspace_id", "project_id", "environment", "agent_id", "identity_level", "token_id",
        "secret_keys", "auth_styles", "method", "scheme", "domain", "port", "path", "status_code", "duration_ms", "proxy_ms", "outcome",
        "reason", "redactions", "allowlist_hash", "caller_role", "resolution_path",
    }  # fmt: skip


def test_log_ids_sort_by_time_and_are_not_guessed():
    early, late = new_event_id(1_764_000_000_000), new_event_id(1_764_000_000_001)
    assert early < late
    assert (len(early), early[:12]) == (32, f"{1_764_000_000_000:012x}")
    assert len({new_event_id(1) for _ in range(100)}) == 100


def test_no_failure_is_without_words():
    assert AgentSecretsError().message
    assert AgentSecretsError().hint


# --- wildcards, methods, paths ------------------------------------------------------------------------------------------------------------


def _permits(binding: Binding, url: str, method: str = "GET") -> bool:
    return binding.permits(parse_target(url), method, Injection(binding.style, binding.slot, KEY))


def test_a_wildcard_stands_for_one_label_at_one_port():
    binding = Binding(KEY, ("*.example.com", "*.example.org:8443"), "bearer")
    for url in ("https://a.example.com/", "https://xn--bcher-kva.example.com/", "https://a.example.org:8443/"):
        assert _permits(binding, url)
    for host in (
        "example.com",
        "a.b.example.com",
        "aexample.com",
        "a.example.com:8443",
        "a.example.org",
        "a.example.com.evil.net",
        "1.2.3.4",
    ):
        assert not _permits(binding, f"https://{host}/")


def test_a_path_prefix_ends_at_a_slash_and_is_read_byte_by_byte():
    binding = Binding(KEY, ("h.example",), "bearer", paths=("/v1/items", "/v2/"))
    for path in ("/v1/items", "/v1/items/", "/v1/items/7?x=/v3", "/v2/", "/v2/x", "/v1/items//7", "/v1/items/a%2Fb"):
        assert _permits(binding, f"https://h.example{path}"), path
    for path in (
        "",
        "/",
        "/v1",
        "/v1/item",
        "/v1/items7",
        "/V1/items",
        "/v2",
        "/v1%2Fitems",
        "/%76%31/items",
        "/v1//items",
        "/?/v2/",
        "//v2/",
    ):
        assert not _permits(binding, f"https://h.example{path}"), path


@pytest.mark.parametrize(
    "odd", ["%", "%2", "%zz", "%c0%ae%c0%ae/x", "%C0%AF", "%e0%80%ae", "%f0%80%80%ae", "%u002e", "%25c0%25ae", "%25u002e"]
)
def test_a_path_that_servers_read_differently_is_within_no_prefix(odd: str):
    url = f"https://h.example/v1/{odd}"
    assert not _permits(Binding(KEY, ("h.example",), "bearer", paths=("/v1",)), url)
    assert _permits(Binding(KEY, ("h.example",), "bearer"), url)


def test_methods_are_exactly_those_named():
    assert parse_methods(["delete", "GET", "get"]) == ("GET", "DELETE")
    assert not _permits(Binding(KEY, ("h.example",), "bearer", methods=("GET",)), "https://h.example/", "HEAD")
    for word in ("", "TRACE", "CONNECT", "GET ", "GÉT", "*"):
        with pytest.raises(BadUsage):
            parse_methods([word])


@pytest.mark.parametrize(
    "word",
    ["", "v1", "/v1?x", "/v1#x", "/v1/../x", "/v1/%2e%2e/x", "/a b", "/é", "/v1\\x", "/%c0%ae", "/%", "@evil.example/", ":8443/",
     "/" + "x" * 1024, "/\u2215v1", "/v1\n"],
)  # fmt: skip
def test_a_path_that_could_mean_something_else_is_no_prefix(word: str):
    with pytest.raises(BadUsage):
        parse_paths([word])


def test_there_are_so_many_paths_and_no_more():
    assert parse_paths(["/a", "/a", "/"]) == ("/a", "/")
    assert len(parse_paths([f"/{number}" for number in range(32)])) == 32
    with pytest.raises(BadUsage):
        parse_paths([f"/{number}" for number in range(33)])


PARTS: dict[str, tuple[Any, ...]] = {
    "hosts": (("h.example",), ("a.example.com",), ("*.example.com",), ("a.example.com", "h.example"), ("*.example.com", "h.example")),
    "methods": ((), ("GET",), ("GET", "POST")),
    "paths": ((), ("/",), ("/v1",), ("/v1/",), ("/v1/a", "/v2")),
}


def test_what_is_within_another_permits_nothing_that_the_other_does_not():
    """Over all pairs: by what each permits, cell by cell."""
    every = [Binding(KEY, hosts, "bearer", "", methods, paths) for hosts, methods, paths in product(*PARTS.values())]
    urls = [
        f"https://{h}{p}"
        for h in ("h.example", "a.example.com", "b.example.com")
        for p in ("/", "/v1", "/v1/", "/v1/a", "/v1/b", "/v2", "/x")
    ]
    cells = {
        binding: {(url, method) for url in urls for method in ("GET", "POST", "PUT") if _permits(binding, url, method)} for binding in every
    }
    for one, other in product(every, every):
        if one.within(other):
            assert cells[one] <= cells[other], (one, other)
        else:
            assert not cells[one] <= cells[other] or "/" in other.paths, (one, other)
