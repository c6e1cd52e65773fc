"""A value that is known by its public prefix binds its key; one that is only nearly known, or by its key's name, proposes."""

from __future__ import annotations

import secrets

from tests.parts.commands import PASSWORD, VALUE, Commands
from tests.parts.tls import TlsUpstream

OPENAI = "api.openai.com as bearer"


def _issued(prefix: str = "gsk_", length: int = 52) -> str:
    """A credential as a provider makes them, drawn anew."""
    return prefix + "".join(secrets.choice("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789") for _ in range(length))


def test_a_known_value_binds_its_key_before_anything_can_use_it(person: Commands) -> None:
    value = _issued()
    ended = person.end("secrets", "set", "ANY_NAME=-", said=value)
    assert ended.returncode == 0
    assert "its value is groq's, so ANY_NAME may go to api.groq.com as bearer, and nowhere else" in ended.stderr
    assert value not in ended.stdout + ended.stderr
    (line,) = person.ask("secrets", "bindings")
    assert (line["bound"], line["by"], line["origin"]) == ("api.groq.com as bearer", "device", "pinned")
    with TlsUpstream() as upstream:
        person.allow(upstream)
        assert "binding_mismatch" in str(person.ask("call", "--url", upstream.url("/"), "--bearer", "ANY_NAME", code=4))
        assert not upstream.seen
    told = person.ask("secrets", "set", "ANY_NAME=-", said=_issued())
    assert (told["bound"], told["provider"], told["pinned"], told["elsewhere"]) == ("api.groq.com as bearer", "groq", False, False)


def test_a_known_value_moves_no_key_that_is_bound_and_says_that_it_belongs_elsewhere(person: Commands) -> None:
    person.run("secrets", "bind", "KEY", "--host", "api.example.com", "--bearer", "--password-stdin", said=PASSWORD)
    ended = person.end("secrets", "set", "KEY=-", said=_issued())
    assert "warning: its value is groq's, but KEY is bound to api.example.com as bearer" in ended.stderr
    assert "agentsecrets secrets bind KEY --for groq" in ended.stderr
    assert [line["bound"] for line in person.ask("secrets", "bindings")] == ["api.example.com as bearer"]


def test_a_name_alone_proposes_and_a_query_is_proposed_too(person: Commands) -> None:
    for key, value, provider in (
        ("OPENAI_API_KEY", VALUE, "openai"),
        ("MAPS", f"{_issued('sk.', 60)}.{_issued('', 22)}", "mapbox"),
    ):
        ended = person.end("secrets", "set", f"{key}=-", said=value)
        assert f"{key} belongs to {provider}, it seems: agentsecrets secrets bind {key} --for {provider}" in ended.stderr
        told = person.ask("secrets", "set", f"{key}=-", said=value)
        assert (told["bound"], told["proposed"]) == ("", True)
    assert person.ask("secrets", "bindings") == []
    assert person.ask("secrets", "bind", "MAPS", "--for", "mapbox", code=4)["error"] == "presence_required"
    told = person.ask("secrets", "bind", "MAPS", "--for", "Mapbox", "--password-stdin", said=PASSWORD)
    assert told["bound"] == "api.mapbox.com as query:access_token"


def test_what_is_nearly_a_provider_s_value_binds_nothing(settled: Commands) -> None:
    near = [_issued(length=51), _issued(length=53), _issued("GSK_"), f"'{_issued()}'", f"{_issued()} ", _issued("g\u0455k_")]
    for at, value in enumerate(near):
        told = settled.ask("secrets", "set", f"NEAR_{at}=-", said=value)
        assert (told["bound"], told["provider"], told["pinned"], told["proposed"]) == ("", "", False, False)


def test_a_person_says_the_provider_or_a_host_beforehand(person: Commands) -> None:
    for_openai = ("secrets", "set", f"KEY={VALUE}", "--for", "openai")
    assert person.ask(*for_openai, code=4)["error"] == "presence_required"
    assert person.ask("secrets", "list") == []
    told = person.ask(*for_openai, "--password-stdin", said=PASSWORD)
    assert (told["bound"], told["pinned"]) == (OPENAI, False)
    again = person.ask(*for_openai)  # it is bound so already, which needs nobody
    assert (again["bound"], again["version"]) == (OPENAI, 2)
    told = person.ask("secrets", "set", f"OTHER={VALUE}", "--for", "h.example:8443", "--header", "X-K", "--password-stdin", said=PASSWORD)
    assert told["bound"] == "h.example:8443 as header:X-K"
    for words in (("--for", "opnai"), ("--for", "published")):
        assert person.ask("secrets", "set", f"THIRD={VALUE}", *words, code=5)["error"] == "provider_not_found"
    assert person.ask("secrets", "set", f"THIRD={VALUE}", "--for", "h.example", code=2)["error"] == "bad_usage"
    assert person.ask("secrets", "set", f"THIRD={VALUE}", "--style", "bearer", code=2)["error"] == "bad_usage"


def test_at_a_terminal_the_provider_s_binding_is_shown_before_it_is_signed(person: Commands) -> None:
    with person.at_terminal("secrets", "set", "OPENAI_KEY", "--for", "openai") as screen:
        screen.wait_for(f"OPENAI_KEY may go to {OPENAI}")
        screen.answer("Password:", PASSWORD)
        screen.answer("Value of OPENAI_KEY:", VALUE)
        assert screen.end() == 0
        assert VALUE not in screen.shown


def test_the_providers_are_listed_and_searched(newcomer: Commands) -> None:
    newcomer.run("init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD)
    listed = newcomer.ask("secrets", "providers")
    assert len(listed) >= 40
    (line,) = newcomer.ask("secrets", "providers", "anthropic")
    assert (line["hosts"], line["style"], line["prefixes"]) == (
        ["api.anthropic.com"],
        "header:x-api-key",
        ["sk-ant-api03-", "sk-ant-admin01-"],
    )
    shown = newcomer.run("secrets", "providers", "stripe")
    assert "│ stripe   │ Stripe │" in shown
    newcomer.run("lock")
    assert newcomer.ask("secrets", "providers", "nobody") == []


def test_an_import_binds_what_it_knows_and_warns_of_what_is_weak(person: Commands) -> None:
    value = _issued()
    (person.folder / ".env").write_text(f"GROQ={value}\nPLAIN={VALUE}\nSTRIPE_KEY=changeme\n")
    (person.folder / ".env").chmod(0o600)
    ended = person.end("secrets", "import", ".env", "--output", "json")
    assert ended.returncode == 0
    assert "GROQ may go to api.groq.com as bearer" in ended.stderr
    assert "warning: the value of STRIPE_KEY looks like a placeholder" in ended.stderr
    assert '"bound": {"GROQ": "api.groq.com as bearer"}' in ended.stdout
    assert value not in ended.stdout + ended.stderr
    assert [line["key"] for line in person.ask("secrets", "bindings")] == ["GROQ"]


def test_a_weak_value_is_stored_and_its_kind_of_weakness_said(person: Commands) -> None:
    ended = person.end("secrets", "set", "KEY=-", said=" 'hunter2'\n\n")
    assert ended.returncode == 0
    for said in ("fewer than about 48 unknown bits", "stands in quotation marks", "begins or ends with a line break", "white space"):
        assert said in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr
    told = person.ask("secrets", "set", "KEY=-", said="changeme")
    assert [warning["kind"] for warning in told["warnings"]] == ["placeholder", "guessable"]
    assert {warning["key"] for warning in told["warnings"]} == {"KEY"}
    assert person.ask("secrets", "set", "KEY=-", said="KEY")["warnings"][0]["kind"] == "key_name"
    assert person.ask("secrets", "set", "KEY=-", said=VALUE)["warnings"] == []
    with person.at_terminal("secrets", "set", "KEY") as screen:
        screen.answer("Value of KEY:", "ab")
        screen.wait_for("warning: the value of KEY is shorter than 4 bytes")
        assert screen.end() == 0


def test_who_asked_for_a_key_learns_nothing_of_its_weakness(person: Commands) -> None:
    person.run("secrets", "request", "KEY", code=3)
    with person.at_terminal("secrets", "request") as screen:
        screen.wait_for("asks for KEY")
        screen.answer("(Enter skips)", "changeme")
        screen.wait_for("warning: the value of KEY looks like a placeholder")
        assert screen.end() == 0
    assert person.ask("secrets", "request", "KEY")["set"] is True
    assert "warnings" not in person.ask("secrets", "request", "KEY")
