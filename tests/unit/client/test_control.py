"""The client of the daemon tells apart: nobody there, gone in the middle, a stranger, and a refusal."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentsecrets import __version__
from agentsecrets.client.control import Control, place_fields
from agentsecrets.client.launch import Choice, clean_environment, daemon_command
from agentsecrets.errors import AgentSecretsError, DaemonGone, ForeignDaemon, Locked, NoDaemon
from agentsecrets.wire.failures import to_json
from agentsecrets.wire.messages import Key
from agentsecrets.wire.quoting import unquoted


@contextmanager
def answering(home: Path, answer: bytes) -> Iterator[list[bytes]]:
    """Something on the control socket that reads one request, answers these bytes and hangs up; what it read."""
    (home / "run").mkdir(parents=True)
    listener, heard = socket.socket(socket.AF_UNIX), []
    listener.bind(str(home / "run" / "control.sock"))
    listener.listen()
    listener.settimeout(20)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(20)
            heard.append(_request(connection))
            connection.sendall(answer)

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield heard
    finally:
        server.join()
        listener.close()


def _request(connection: socket.socket) -> bytes:
    """One whole request: what is left unread when a connection is closed would cost the answer."""
    read = b""
    while b"\r\n\r\n" not in read or len(read.partition(b"\r\n\r\n")[2]) < _length_of(read):
        read += connection.recv(1 << 16)
    return read


def _length_of(request: bytes) -> int:
    return next(int(line[15:]) for line in request.split(b"\r\n") if line.startswith(b"Content-Length:"))


def _answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def test_nobody_there(tmp_path: Path):
    with pytest.raises(NoDaemon):
        Control(tmp_path).ask("/v1/status")
    (tmp_path / "run").mkdir()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "run" / "control.sock"))
    stale.close()
    with pytest.raises(NoDaemon):
        Control(tmp_path).ask("/v1/status")


def test_an_answer_is_read_and_the_request_says_who_asks_and_from_where(tmp_path: Path):
    fields = place_fields("/srv/\udcff shop", "shop", "")
    with answering(tmp_path, _answer(200, b'{"key":"K"}')) as heard:
        assert Control(tmp_path, fields).ask("/v1/secrets/delete", Key(key="K")) == {"key": "K"}
    head, _, body = heard[0].partition(b"\r\n\r\n")
    sent = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n")[1:])
    assert head.startswith(b"POST /v1/secrets/delete HTTP/1.1\r\n")
    assert (sent["X-AS-Version"], sent["X-AS-Project"], "X-AS-Environment" in sent) == (__version__, "shop", False)
    assert unquoted(sent["X-AS-Cwd"]) == "/srv/\udcff shop"
    assert body == b'{"key":"K"}'


def test_a_refusal_comes_out_as_it_went_in(tmp_path: Path):
    with answering(tmp_path, _answer(409, to_json(Locked()))), pytest.raises(Locked):
        Control(tmp_path).ask("/v1/secrets")


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(b"", DaemonGone), (b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n{}", DaemonGone), (b"220 smtp ready\r\n", DaemonGone),
     (_answer(200, b"<html>"), ForeignDaemon), (_answer(200, b"[]"), ForeignDaemon), (_answer(200, b"\xff"), ForeignDaemon),
     (_answer(200, b"[" * 5000), ForeignDaemon), (_answer(200, b'{"a":' * 5000), ForeignDaemon), (_answer(500, b"oops"), ForeignDaemon),
     (_answer(404, b'{"error":7}'), ForeignDaemon), (_answer(404, b'{"error":' * 5000), ForeignDaemon)],
)  # fmt: skip
def test_what_does_not_speak_as_a_daemon_does_is_gone_or_a_stranger(tmp_path: Path, answer: bytes, failure: type[AgentSecretsError]):
    with answering(tmp_path, answer), pytest.raises(failure):
        Control(tmp_path, seconds=20).ask("/v1/status")


def test_one_that_keeps_silent_is_given_up(tmp_path: Path):
    (tmp_path / "run").mkdir()
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(tmp_path / "run" / "control.sock"))
    silent.listen()
    with pytest.raises(DaemonGone):
        Control(tmp_path, seconds=0.2).ask("/v1/status")
    silent.close()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONPATH", "SSLKEYLOGFILE", "HTTPS_PROXY", "AGENTSECRETS_HOME", "HOME"])
def test_our_programs_get_nothing_of_the_caller_s_environment(name: str):
    before = os.environ.get(name)
    os.environ[name] = "/tmp/evil"
    try:
        assert "/tmp/evil" not in clean_environment().values()
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


def test_our_programs_run_isolated():
    command = daemon_command(Path("/srv/home"), Choice(port=0, idle_lock_s=60))
    assert command[1:5] == ["-I", "-P", "-m", "agentsecrets.daemon"]
    assert command[5:] == ["--home", "/srv/home", "--port", "0", "--idle-lock", "60"]
