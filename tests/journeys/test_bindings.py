"""``secrets bind``, ``unbind`` and ``bindings``: narrowing is done at once, everything else is shown to a person first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands
from tests.parts.tls import TlsUpstream

BIND = ("secrets", "bind", "KEY")
BY_PASSWORD = "--password-stdin"


def _bound(person: Commands) -> list[Any]:
    return [line["bound"] for line in person.ask("secrets", "bindings", "KEY")]


def test_a_person_says_where_a_key_may_be_used(person: Commands) -> None:
    person.run("secrets", "set", f"KEY={VALUE}")
    bind = (*BIND, "--host", "api.example.com", "--method", "get", "--path", "/v1")
    assert person.ask(*bind, "--query", "key", code=4)["error"] == "presence_required"
    told = person.run(*bind, "--query", "key", BY_PASSWORD, said=PASSWORD)
    assert told == "KEY may go to api.example.com as query:key GET /v1.\n"
    assert person.ask("secrets", "list")[0]["bound"] == "api.example.com as query:key GET /v1"
    assert person.ask(*bind, "--bearer", code=4)["error"] == "presence_required"


def test_what_only_narrows_needs_nobody_and_cannot_be_taken_back_without_a_person(person: Commands) -> None:
    person.run(
        *BIND, "--host", "*.example.com", "--host", "api.example.org", "--style", "header", "--target", "X-Key", BY_PASSWORD, said=PASSWORD
    )
    assert person.ask(*BIND, "--method", "GET", "--method", "post")["methods"] == ["GET", "POST"]
    assert person.ask(*BIND, "--path", "/v1")["bound"] == "*.example.com, api.example.org as header:X-Key GET/POST /v1"
    told = person.ask(*BIND, "--host", "eu.example.com")
    assert (told["bound"], told["by"], told["widens"]) == ("eu.example.com as header:X-Key GET/POST /v1", "device", False)
    for wider in (
        ("--any-method",),
        ("--any-path",),
        ("--method", "DELETE"),
        ("--path", "/v2"),
        ("--path", "/"),
        ("--host", "us.example.com"),
        ("--host", "eu.example.com:8443"),
        ("--bearer",),
        ("--header", "X-Other"),
    ):
        assert person.ask(*BIND, *wider, code=4)["error"] == "presence_required"
    assert _bound(person) == ["eu.example.com as header:X-Key GET/POST /v1"]
    person.run("proxy", "stop")
    person.run("unlock", BY_PASSWORD, said=PASSWORD)
    assert _bound(person) == ["eu.example.com as header:X-Key GET/POST /v1"]
    told = person.ask(*BIND, "--host", "us.example.com", "--any-path", BY_PASSWORD, said=PASSWORD)
    assert (told["bound"], told["by"]) == ("us.example.com as header:X-Key GET/POST", "person")


def test_the_bindings_are_listed_also_of_keys_without_a_value(person: Commands) -> None:
    person.run(*BIND, "--host", "api.example.com:8443", "--basic", BY_PASSWORD, said=PASSWORD)
    person.run("secrets", "bind", "ANOTHER", "--host", "api.example.org", "--bearer", BY_PASSWORD, said=PASSWORD)
    assert [line["key"] for line in person.ask("secrets", "bindings", "--environment", "production")] == ["ANOTHER", "KEY"]
    (line,) = person.ask("secrets", "bindings", "KEY")
    assert {**line, "updated_ms": 0} == {
        "key": "KEY", "bound": "api.example.com:8443 as basic", "hosts": ["api.example.com:8443"], "style": "basic", "slot": "",
        "methods": [], "paths": [], "by": "person", "origin": "person", "updated_ms": 0,
    }  # fmt: skip
    shown = person.run("secrets", "bindings")
    assert shown.startswith("╭")
    assert "│ KEY     │ api.example.com:8443 │ basic  │ all     │ all   │ a person │" in shown
    assert person.ask("secrets", "bindings", "NOBODY") == []


def test_a_person_lets_a_key_be_bound_anew_by_its_next_use(person: Commands) -> None:
    person.run("secrets", "set", f"KEY={VALUE}")
    with TlsUpstream() as first, TlsUpstream(ca=first.ca) as second:
        host = person.allow(first)
        person.allow(second)
        person.run("call", "--url", first.url("/"), "--bearer", "KEY")
        assert _bound(person) == [f"{host} as bearer"]
        call = ("call", "--url", second.url("/"), "--bearer", "KEY")
        assert "binding_mismatch" in str(person.ask(*call, code=4))
        assert person.ask("secrets", "unbind", "KEY", code=4)["error"] == "presence_required"
        assert person.run("secrets", "unbind", "KEY", BY_PASSWORD, said=PASSWORD) == "KEY is bound to nothing; its next use binds it.\n"
        assert _bound(person) == []
        person.run(*call)
        assert _bound(person) == [f"{second.origin.removeprefix('https://')} as bearer"]
        assert "binding_mismatch" in str(person.ask("call", "--url", first.url("/"), "--bearer", "KEY", code=4))
        assert (len(first.seen), len(second.seen)) == (1, 1)


def test_at_a_terminal_the_whole_binding_is_shown_before_the_password_and_what_held_after(person: Commands) -> None:
    person.run(*BIND, "--host", "api.example.com", "--bearer", "--method", "GET", BY_PASSWORD, said=PASSWORD)
    with person.at_terminal(*BIND, "--host", "api.example.org", "--path", "/v1") as screen:
        screen.wait_for("KEY may go to api.example.org as bearer GET /v1")
        screen.answer("Password:", PASSWORD)
        screen.wait_for("until now: api.example.com as bearer GET")
        assert screen.end() == 0
    with person.at_terminal(*BIND, "--path", "/v1/items") as screen:
        assert screen.end() == 0
        assert "Password" not in screen.shown
    with person.at_terminal("secrets", "unbind", "KEY") as screen:
        screen.wait_for("KEY is bound to nothing any more")
        screen.answer("Password:", "not it")
        screen.interrupt()
        assert screen.end() == 130
    assert _bound(person) == ["api.example.org as bearer GET /v1/items"]


ODD_HOSTS = (
    "api.example.com.", "https://api.example.com", "api.example.com/v1", "user@api.example.com", "api.example.com:0443",
    "api.example.com:0", "api.example.com:70000", "api.example.com:", "api..example.com", "-api.example.com", "api_x.example.com",
    "api.exa mple.com", "0x7f.1", "127.1", "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "API.EXAMPLE.COM.", "аpi.example.com\u2024evil.net",
    "xn--a", "xn--pple-43d\u200b.com", "*.com", "*.co.uk", "*.github.io", "*", "*.*.example.com", "a.*.example.com", "*example.com",
    "*.1.2.3.4", "", "%61pi.example.com", "api.example.com\\@evil.net", "api.example.com#.evil.net", "api.example.com?.evil.net",
)  # fmt: skip


@pytest.mark.parametrize("host", ODD_HOSTS)
def test_a_host_that_could_be_read_in_two_ways_is_refused(settled: Commands, host: str) -> None:
    told = settled.ask(*BIND, f"--host={host}", "--bearer", BY_PASSWORD, said=PASSWORD, code=2)
    assert told["error"] in ("bad_target", "bad_usage")
    assert "hint" in told


def test_a_host_is_bound_in_the_one_form_in_which_calls_have_it(settled: Commands) -> None:
    told = settled.ask("secrets", "bind", "IDN", "--host", "BÜCHER.example".lower(), "--bearer", BY_PASSWORD, said=PASSWORD)
    assert told["hosts"] == ["xn--bcher-kva.example"]
    told = settled.ask("secrets", "bind", "UPPER", "--host", "API.Example.COM:443", "--bearer", BY_PASSWORD, said=PASSWORD)
    assert told["hosts"] == ["api.example.com"]


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ((), "bad_usage"),
        (("--host", "api.example.com"), "bad_usage"),
        (("--bearer",), "bad_usage"),
        (("--host", "api.example.com", "--bearer", "--basic"), "bad_usage"),
        (("--host", "api.example.com", "--bearer", "--style", "query", "--target", "key"), "bad_usage"),
        (("--host", "api.example.com", "--target", "key"), "bad_usage"),
        (("--host", "api.example.com", "--style", "bearer", "--target", "key"), "bad_injection"),
        (("--host", "api.example.com", "--style", "query"), "bad_injection"),
        (("--host", "api.example.com", "--style", "cookie", "--target", "key"), "bad_usage"),
        (("--host", "api.example.com", "--header", "Host"), "bad_injection"),
        (("--host", "api.example.com", "--header", "X-AS-Session-Token"), "bad_injection"),
        (("--host", "api.example.com", "--header", "X Key"), "bad_injection"),
        (("--host", "api.example.com", "--bearer", "--method", "TRACE"), "bad_usage"),
        (("--host", "api.example.com", "--bearer", "--method", "GET", "--any-method"), "bad_usage"),
        (("--host", "api.example.com", "--bearer", "--path", "v1"), "bad_usage"),
        (("--host", "api.example.com", "--bearer", "--path", "/v1/../admin"), "bad_usage"),
        (("--host", "api.example.com", "--bearer", *("--path", "/x" * 500) * 200), "bad_usage"),
        (("--bearer", *(f"--host=h{number}.example.com" for number in range(33))), "bad_usage"),
    ],
)
def test_what_makes_no_binding_is_refused_with_what_would(settled: Commands, words: tuple[str, ...], slug: str) -> None:
    told = settled.ask("secrets", "bind", "NEVER", *words, BY_PASSWORD, said=PASSWORD, code=2)
    assert told["error"] == slug
    assert told["hint"]
    assert settled.ask("secrets", "bindings", "NEVER") == []


def test_a_binding_of_many_long_paths_is_signed_whole(settled: Commands) -> None:
    paths = [f"/{number:02}/{'x' * 1000}" for number in range(32)]
    words = [word for path in paths for word in ("--path", path)]
    told = settled.ask("secrets", "bind", "LONG", "--host", "api.example.com", "--bearer", *words, BY_PASSWORD, said=PASSWORD)
    assert told["paths"] == paths


@pytest.mark.parametrize("name", ["K\u0415Y", "ΚEY", "KEY\u200b", "КEY", "KEY "])
def test_a_name_that_looks_like_another_is_no_name(settled: Commands, name: str) -> None:
    for verb in (("bind", name, "--host", "api.example.com", "--bearer"), ("unbind", name), ("bindings", name)):
        assert settled.ask("secrets", *verb, code=2)["error"] == "bad_key_name"
