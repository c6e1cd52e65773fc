"""What a program of the same user can say to the control socket reveals no value, and widens nothing.

Every verb that the router knows is tried, with what it expects and with what it does not, so a new verb is tried as soon as it exists.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest

from agentsecrets.client.control import Control, place_fields
from agentsecrets.daemon.control import router
from agentsecrets.errors import AgentSecretsError, ProjectNotFound
from agentsecrets.wire.messages import Signed
from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.tls import TlsUpstream

ROUTES = router._ROUTES
ENDS_THE_DAEMON = {"/v1/stop", "/v1/lock"}
TRIES = 40
WORDS = ["KEY", "shop", "", "development", "*", "../../etc/passwd", "https://evil.example", "\0", "9" * 400, "0" * 64, "KEY\r\nX: y", "é"]


def _any(kind: Any, pick: random.Random, words: list[str], genuine: list[bytes]) -> Any:
    """Something of a type, as JSON has it."""
    if kind is str:
        return pick.choice(words)
    if kind is bytes:
        return base64.b64encode(pick.choice([*genuine, b"", pick.randbytes(200)])).decode()
    if kind is bool:
        return pick.random() < 0.5
    if kind is int:
        return pick.choice([0, 1, -1, 20, 1 << 31, 1 << 63])
    if get_origin(kind) in (list, tuple):
        return [_any(get_args(kind)[0], pick, words, genuine) for _ in range(pick.randrange(3))]
    return pick.choice([None, {}, [], "x"])


def _message(shape: type[msgspec.Struct], pick: random.Random, words: list[str], genuine: list[bytes]) -> bytes:
    whole = {field.encode_name: _any(field.type, pick, words, genuine) for field in msgspec.structs.fields(shape)}
    return pick.choice([msgspec.json.encode(whole), msgspec.json.encode(whole), b"{}", pick.randbytes(60), b'{"x": 1}'])


def _standing(control: Control) -> tuple[Any, list[str]]:
    """What may be reached, and where the key may go, if it and its project are there."""
    try:
        known = control.ask("/v1/secrets")["secrets"]
    except ProjectNotFound:
        known = []
    bound = [secret["bound"] for secret in known if secret["key"] == "KEY"]
    return control.ask("/v1/allowlist"), bound


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with commands(tmp_path_factory.mktemp("person")) as ready, TlsUpstream() as upstream:
        ready.allow(upstream)
        ready.run("secrets", "set", "KEY=-", said=VALUE)
        ready.run("call", "--url", upstream.url("/leak/plain"), "--bearer", "KEY")
        yield ready


@pytest.mark.parametrize("path", sorted(ROUTES.keys() - ENDS_THE_DAEMON))
def test_no_verb_reveals_or_widens_without_a_person(person: Commands, path: str) -> None:
    control = Control(person.home, place_fields(str(person.folder), "shop"))
    before = _standing(control)
    genuine = [msgspec.convert(control.ask("/v1/secrets/offer")["envelope"], bytes)]
    pick = random.Random(path)
    words = [word for word in WORDS if word != "shop"] if path == "/v1/projects/rename" else WORDS
    for _ in range(TRIES):
        _, answer = control._exchange(path, _message(ROUTES[path].shape, pick, words, genuine))
        for hidden in (VALUE, PASSWORD, base64.b64encode(VALUE.encode()).decode()[:-4]):
            assert hidden.encode() not in answer
        assert b"Traceback" not in answer
    allowed, bound = _standing(control)
    assert allowed == before[0]
    assert bound in (before[1], [])  # what an agent deletes, a person restores
    assert before[1], "KEY was bound nowhere: the test shows nothing"
    control._exchange("/v1/projects/restore", b'{"name": "shop"}')
    control._exchange("/v1/secrets/restore", b'{"key": "KEY"}')


def test_a_reveal_that_the_device_signed_or_a_stranger_is_refused(person: Commands) -> None:
    control = Control(person.home)
    challenge = control.ask("/v1/secrets/challenge")["nonce"]
    offer = msgspec.convert(control.ask("/v1/secrets/offer")["envelope"], bytes)
    assert challenge
    for envelope in (offer, b"", offer[:-1] + bytes([offer[-1] ^ 1])):
        with pytest.raises(AgentSecretsError) as refused:
            control.ask("/v1/secrets/reveal", Signed(envelope=envelope))
        assert refused.value.slug in ("signature_invalid", "format_unknown")


def test_to_stop_or_to_lock_the_daemon_is_all_that_the_rest_can_do(person: Commands) -> None:
    control = Control(person.home)
    assert control.ask("/v1/lock") == {}
    person.run("unlock", "--password-stdin", said=PASSWORD)
    got = person.run("secrets", "get", "KEY", "--project", "shop", "--password-stdin", said=PASSWORD)
    assert got == VALUE + "\n"
