"""HTTP clients that we did not write go through the proxy, and get what they get without it, but for the values."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.parts.commands import VALUE
from tests.parts.exchanges import digest_of
from tests.parts.http_client import NAMES, Came, HttpClient, Ways, ways
from tests.parts.memory import resident
from tests.parts.patience import wait_until

MARK = "[REDACTED_BY_AGENTSECRETS]"
KIB, MIB = 1 << 10, 1 << 20
SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, MIB, 16 * MIB]
FRAMINGS = ["length", "chunked"]
STATUSES = [200, 201, 204, 301, 302, 303, 304, 307, 308, 401, 403, 404, 407, 429, 500, 503]

FRAMED = {"connection", "keep-alive", "transfer-encoding", "content-length", "trailer"}
"""Fields of one connection: each side writes its own."""
OURS = {"x-as-event", "x-as-redacted"}
VOUCHING = {"etag", "last-modified", "accept-ranges"}
"""What does not come back from a call with an injection: it vouches for bytes that may have been changed."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    with ways(tmp_path_factory.mktemp("http")) as made:
        yield made


@pytest.fixture(params=NAMES)
def client(request: pytest.FixtureRequest, scene: Ways) -> HttpClient:
    return scene.clients[request.param]


def _by_name(came: Came, without: set[str]) -> dict[str, list[str]]:
    """Fields as sets of lines; a client that joins lines of one name joins them in both answers."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in came.headers:
        if name.lower() not in without:
            found[name.lower()].append(value.strip())
    return dict(found)


def _expected(direct: Came, *, inject: bool) -> dict[str, list[str]]:
    """The fields that a client must get through the proxy, of those that it gets without: all differences that there may be."""
    fields = _by_name(direct, FRAMED | (VOUCHING if inject else set()))
    cookies = [f"{cookie}; Domain=localhost" for cookie in fields.pop("set-cookie", [])]
    masked = {name: [line.replace(VALUE, MARK) if inject else line for line in lines] for name, lines in fields.items()}
    return {**masked, "set-cookie": cookies} if cookies else masked


@pytest.mark.parametrize("framing", [*FRAMINGS, "close"])
def test_bodies_of_every_length_come_back_whole(scene: Ways, client: HttpClient, framing: str):
    for size in SIZES:
        for inject in (True, False) if size < 16 * MIB else (framing != "close",):
            came = client.ask(scene.proxied(f"/give?bytes={size}&framing={framing}", inject=inject))
            assert (came.error, came.status, came.bytes) == (None, 200, size)
            assert came.sha256 == digest_of(size)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_bodies_of_every_length_arrive_whole(scene: Ways, client: HttpClient, framing: str):
    for size in SIZES:
        order = scene.proxied("/take", "POST", send={"bytes": size, "chunked": framing == "chunked"})
        came = client.ask(order)
        assert (came.error, came.status) == (None, 200)
        assert (came.json["bytes"], came.json["sha256"]) == (size, digest_of(size))
        if size:
            assert came.json["framing"] == ("chunked" if framing == "chunked" else str(size))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", STATUSES)
def test_status_and_fields_are_those_that_come_without_us(scene: Ways, client: HttpClient, status: int, method: str):
    path = f"/corners/{status}" + ("?to=/next%3Ftoken%3DCREDENTIAL" if 300 <= status < 400 else "")
    direct, before = client.ask(scene.direct(path, method)), len(scene.upstream.seen)
    for inject in (False, True):
        came = client.ask(scene.proxied(path, method, inject=inject, fields=() if inject else (("Authorization", f"Bearer {VALUE}"),)))
        assert (came.status, came.error, came.text) == (direct.status, direct.error, direct.text)
        assert _by_name(came, FRAMED | OURS) == _expected(direct, inject=inject)
        if method == "GET" and status != 304:
            assert came.all("content-length") == direct.all("content-length")
    assert len(scene.upstream.seen) - before == 2, "a redirect was followed, or a request repeated"


def test_cookies_of_an_upstream_stay_out_of_later_calls(scene: Ways, client: HttpClient):
    for inject in (True, False):
        assert client.ask(scene.proxied("/corners/200", inject=inject)).all("set-cookie")
        came = client.ask(scene.proxied("/asks", inject=inject))
        assert came.status == 200
        assert not [name for name, _ in came.json["fields"] if name.lower() == "cookie"]


def test_events_come_as_they_are_sent_and_the_value_in_them_is_masked(scene: Ways, client: HttpClient):
    seen: list[str] = []

    def came(part: str) -> None:
        seen.append(part)
        scene.exchanges.go_on()  # the next event is not even sent before this one has been read

    ended = client.ask(scene.proxied("/events?events=5&of=bearer", fields=(("Accept", "text/event-stream"),)), part=came)
    assert (ended.error, ended.status, ended.all("content-type")) == (None, 200, ["text/event-stream"])
    assert [part for part in seen if part] == ["id: 0\ndata: event\n\n", *[f"id: {n}\ndata: event {MARK}\n\n" for n in range(1, 5)]]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_compressed_answers_are_read_and_masked_or_handed_on_as_they_are(scene: Ways, client: HttpClient, coding: str):
    accepts = (("Accept-Encoding", "gzip, deflate, br"),)
    echoed = client.ask(scene.proxied(f"/coded?coding={coding}&of=bearer", fields=accepts))
    assert (echoed.error, echoed.json["token"], echoed.all("content-encoding")) == (None, MARK, [])
    plain = client.ask(scene.proxied(f"/coded?coding={coding}", fields=accepts))
    assert (plain.error, plain.json["token"], plain.all("content-encoding")) == (None, "nothing", [])
    direct = client.ask(scene.direct(f"/coded?coding={coding}", fields=accepts))
    handed = client.ask(scene.proxied(f"/coded?coding={coding}", fields=accepts, inject=False))
    assert (handed.error, handed.sha256) == (direct.error, direct.sha256)
    assert _by_name(handed, FRAMED | OURS) == _by_name(direct, FRAMED)


def test_informational_answers_do_not_confuse(scene: Ways, client: HttpClient):
    came = client.ask(scene.proxied("/hints"))
    assert (came.error, came.status, came.text) == (None, 200, '{"hints": 3}')


def test_a_body_that_is_expected_first_is_asked_for(scene: Ways, client: HttpClient):
    order = scene.proxied("/take", "PUT", fields=(("Expect", "100-continue"),), send={"bytes": 2 * MIB, "chunked": False})
    if client.name == "fetch":  # undici refuses to send this field at all
        assert client.ask(order).error == "TypeError"
        return
    came = client.ask(order)
    assert (came.error, came.json["sha256"]) == (None, digest_of(2 * MIB))


def test_trailers_arrive_and_are_masked(scene: Ways, client: HttpClient):
    came = client.ask(scene.proxied("/trailers?of=bearer"))
    assert (came.error, came.text) == (None, "a body")
    if client.name == "axios":
        assert came.trailers == ["X-Sum", "6", "X-Echo", MARK]
    if client.name == "curl":
        assert (came.all("X-Sum"), came.all("X-Echo")) == (["6"], [MARK])


def test_many_calls_use_one_connection_of_the_client_and_one_to_the_upstream(scene: Ways, client: HttpClient):
    client.ask(scene.proxied("/asks"))
    accepted, numbers = scene.upstream.connections, set()
    for turn in range(40):
        came = client.ask(
            scene.proxied(
                "/asks", "POST" if turn % 3 else "GET", send={"bytes": turn * 100, "chunked": turn % 2 == 0} if turn % 3 else None
            )
        )
        assert came.error is None
        numbers.add(came.json["connection"])
        assert came.all("connection") in ([], ["keep-alive"])
    assert len(numbers) == 1
    assert scene.upstream.connections == accepted


def test_a_client_that_says_close_is_closed_and_the_upstream_is_not(scene: Ways, client: HttpClient):
    if client.name == "fetch":  # it may not say so
        return
    client.ask(scene.proxied("/asks"))
    accepted = scene.upstream.connections
    for _ in range(3):
        came = client.ask(scene.proxied("/asks", fields=(("Connection", "close"),)))
        assert (came.error, came.all("connection")) == (None, ["close"])
    assert scene.upstream.connections == accepted


@pytest.mark.parametrize("framing", [*FRAMINGS, "close"])
def test_an_answer_that_breaks_off_is_an_error_and_never_a_whole_body(scene: Ways, client: HttpClient, framing: str):
    cut = [(size, inject) for size in (1000, 100_000, MIB) for inject in (True, False)]
    for size, inject in cut:
        came = client.ask(scene.proxied(f"/cut?framing={framing}&bytes={size}", inject=inject))
        assert came.error is not None or came.status == 502
    assert {call["reason"] for call in scene.logged(len(cut))} == {"upstream_unreachable"}
    assert client.ask(scene.proxied("/asks")).error is None


def test_an_upstream_that_hangs_up_within_the_request_is_an_error(scene: Ways, client: HttpClient):
    for chunked in (True, False):
        came = client.ask(scene.proxied("/hang-up?after=300000", "POST", send={"bytes": 4 * MIB, "chunked": chunked}))
        assert came.error is not None or (came.status == 502 and came.json["error"] == "upstream_unreachable")
    assert client.ask(scene.proxied("/asks")).error is None


def test_a_refusal_before_the_body_was_read_arrives_or_is_an_error(scene: Ways, client: HttpClient):
    came = client.ask(scene.proxied("/early", "POST", send={"bytes": 64 * KIB, "chunked": False}))
    assert came.error is not None or came.status in (413, 502)
    assert client.ask(scene.proxied("/asks")).error is None


def test_a_client_that_leaves_within_an_answer_lets_the_upstream_go(scene: Ways, client: HttpClient):
    scene.exchanges.ended = 0
    came = client.ask(scene.proxied(f"/give?bytes={512 * MIB}&framing=chunked", leave=MIB))
    assert came.error is not None
    wait_until(lambda: scene.exchanges.ended == 1)
    wait_until(lambda: scene.logged(1)[0]["status"] == "CANCELLED")
    assert client.ask(scene.proxied("/asks")).error is None


def test_a_client_that_does_not_read_stops_the_upstream_and_costs_no_memory(scene: Ways, client: HttpClient):
    size, grown = 32 * MIB, 0

    def watch() -> None:
        nonlocal grown
        given = -1
        while given != scene.exchanges.given:
            given = scene.exchanges.given
            time.sleep(0.3)
        assert given < size
        grown = resident(scene.pid) - before

    before = resident(scene.pid)
    came = client.ask(scene.proxied(f"/give?bytes={size}&framing=length"), meanwhile=watch)
    assert (came.error, came.bytes, came.sha256) == (None, size, digest_of(size))
    assert grown < 16 * MIB


def test_what_arrives_is_what_would_have_arrived(scene: Ways, client: HttpClient):
    fields = (("X-Mine", "cafe"), ("Accept", "application/json"), ("Cache-Control", "no-cache"))
    direct = client.ask(scene.direct("/asks", "POST", fields, send={"bytes": 10, "chunked": False})).json["fields"]
    came = client.ask(scene.proxied("/asks", "POST", fields, send={"bytes": 10, "chunked": False})).json["fields"]
    changed = {"connection", "keep-alive", "accept-encoding", "host", "expect", "cookie"}
    arrived, expected = ([(name.lower(), value) for name, value in told if name.lower() not in changed] for told in (came, direct))
    assert sorted(arrived) == sorted((name, value.replace(VALUE, MARK)) for name, value in expected)
    assert not [name for name, _ in arrived if name.startswith("x-as-")]
