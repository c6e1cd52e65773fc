"""The whole work of one person, from nothing to the log, as one transcript, at each level; nothing printed or kept holds a value."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PRIVATE, Commands, commands
from tests.parts.desktop import Desktop, desktop
from tests.parts.tls import TlsUpstream

VALUES = {
    "STRIPE_KEY": "sk_live_51HxQ/7+zvBq=Lm9",
    "BASIC_PAIR": "ada:correct-horse/battery+staple",
    "SEARCH_KEY": "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
}
STYLES = {
    "bearer": ("STRIPE_KEY", "--bearer", ""),
    "basic": ("BASIC_PAIR", "--basic", ""),
    "header": ("SEARCH_KEY", "--header", "X-Api-Key"),
    "query": ("SEARCH_KEY", "--query", "key"),
    "body": ("STRIPE_KEY", "--body-field", "auth.token"),
    "form": ("STRIPE_KEY", "--form-field", "client_secret"),
}
CHECK = """
import hashlib, os

def test_the_values_are_there():
    found = {name: hashlib.sha256(os.environ[name].encode()).hexdigest() for name in DIGESTS}
    assert found == DIGESTS

def test_what_it_prints_is_searched():
    print(os.environ["STRIPE_KEY"])
"""
MARK = "[REDACTED_BY_AGENTSECRETS]"


@dataclass
class Transcript:
    """Commands as they are typed, and all that they print."""

    person: Commands
    level: str
    session: Desktop
    printed: list[str] = field(default_factory=list)

    def run(self, *words: str, said: str = "") -> str:
        """One command that needs nobody."""
        ended = self.person.end(*words, said=said)
        self.printed += [ended.stdout, ended.stderr]
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def with_password(self, *words: str) -> str:
        """One command on a terminal that asks a person for the password."""
        with self.person.at_terminal(*words) as screen:
            screen.answer("Password:", PASSWORD)
            assert screen.end() == 0, screen.shown
            self.printed.append(screen.shown)
            return screen.shown

    def found(self) -> list[str]:
        """Where a value, the password or what the keychain holds stands in the open."""
        secrets = [*VALUES.values(), PASSWORD, *(item.decode() for item in self.session.items().values())]
        needles = [form for secret in secrets for form in _forms(secret.encode())]
        texts = {"what was printed": "".join(self.printed).encode()}
        texts |= {
            str(path): path.read_bytes() for root in (self.person.home, self.person.folder) for path in root.rglob("*") if path.is_file()
        }
        return [where for where, text in texts.items() for needle in needles if needle in text]


def _forms(secret: bytes) -> list[bytes]:
    return [secret, base64.b64encode(secret).rstrip(b"="), secret.hex().encode(), secret.hex().upper().encode(), secret[::-1]]


@pytest.fixture(params=["keychain", "guarded"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transcript]:
    """Somebody with a desktop session, who has nothing yet."""
    with desktop(tmp_path / "session") as session, commands(tmp_path, ready=False) as person:
        person.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        yield Transcript(person, request.param, session)


def _init(story: Transcript) -> None:
    with story.person.at_terminal("init", "--email", "ada@example.com") as screen:
        screen.answer("Protection [keychain]:", story.level)
        screen.answer("New password:", PASSWORD)
        screen.answer("The same again:", PASSWORD)
        screen.wait_for("Recovery key, shown this once")
        assert screen.end() == 0, screen.shown
        story.printed.append(screen.shown)
    assert f"{story.level}:" in story.run("status")


def _set_three(story: Transcript) -> None:
    for name, value in VALUES.items():
        with story.person.at_terminal("secrets", "set", name) as screen:
            screen.answer(f"Value of {name}", value)
            assert screen.end() == 0, screen.shown
            story.printed.append(screen.shown)


def _allow(story: Transcript, upstreams: tuple[TlsUpstream, TlsUpstream]) -> list[str]:
    hosts = []
    for at, upstream in enumerate(upstreams):
        authority = story.person.home.with_name(f"ca-{at}.pem")
        authority.write_text(upstream.ca_pem)
        hosts.append(upstream.origin.removeprefix("https://"))
        shown = story.with_password("workspace", "allowlist", "add", hosts[at], *PRIVATE, "--ca", str(authority))
        assert hosts[at] in shown
    return hosts


def _call(story: Transcript, upstream: TlsUpstream, host: str, style: str) -> None:
    name, flag, slot = STYLES[style]
    story.with_password("secrets", "bind", name, "--host", host, flag, *([slot] if slot else []))
    before = len(upstream.seen)
    answer = story.run("call", "--url", upstream.url("/echo"), flag, f"{slot}={name}" if slot else name)
    [seen] = upstream.seen[before:]
    assert VALUES[name] not in answer
    assert MARK in answer
    assert _arrived(seen.method, style), seen.method
    whole = seen.target.encode() + seen.body + "".join(value for _, value in seen.fields).encode()
    sent = {
        "basic": base64.b64encode(VALUES[name].encode()),
        "form": VALUES[name].replace("/", "%2F").replace("+", "%2B").replace("=", "%3D").encode(),
    }
    assert sent.get(style, VALUES[name].encode()) in whole


def _arrived(method: str, style: str) -> bool:
    return method == ("POST" if style in ("body", "form") else "GET")


def _pytest(story: Transcript) -> None:
    import hashlib

    digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in VALUES.items()}
    (story.person.folder / "test_theirs.py").write_text(f"DIGESTS = {digests!r}\n{CHECK}")
    words = ("env", "--", sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "test_theirs.py")
    shown = story.run(*words) if story.level == "keychain" else story.with_password(*words)
    assert "2 passed" in shown
    assert MARK in shown


def test_one_person_s_work_from_nothing_to_the_log(story: Transcript) -> None:
    with TlsUpstream() as one, TlsUpstream() as other:
        _init(story)
        story.run("project", "create", "shop")
        _set_three(story)
        hosts = _allow(story, (one, other))
        for at, style in enumerate(STYLES):
            _call(story, (one, other)[at % 2], hosts[at % 2], style)
        _pytest(story)
        log = story.run("proxy", "logs", "--last", "20")
    assert log.count('"status": "OK"') + log.count('"status":"OK"') >= len(STYLES)
    for name in VALUES:
        assert name in log
    assert story.run("log", "verify")
    assert len(story.session.items()) == (1 if story.level == "keychain" else 0)
    assert story.found() == []
    story.with_password("secrets", "get", "STRIPE_KEY")
    assert story.found() == ["what was printed"], "the search finds nothing: it proves nothing"
    story.run("lock")
    assert story.person.ask("unlock", code=0 if story.level == "keychain" else 4)
