"""Asking the daemon: verbs that answer with one document, and calls whose answer streams in and is kept up to a limit."""

from __future__ import annotations

import _socket
import _thread
import json
import time

from agentsecrets.client import heads, quick
from agentsecrets.mcp.chosen import Chosen
from agentsecrets.mcp.task import Stopped, Task
from agentsecrets.wire import headers

_KEPT = 4 << 20
"""Most bytes of one answer that are kept; the rest is not fetched."""
STREAM_SECONDS = 45.0
"""How long an answer may go on coming in. Some clients give a tool call up after 60 s, and would then see nothing of it."""
_AT_ONCE = 1 << 14
"""Up to here head and body fit into the socket's buffer and are sent without waiting, in bytes."""
_FIRST_FAILURE = 400
_LONGEST_ESCAPE = 12
_AGENT_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._@:/-")
_LONGEST_AGENT = 128


class Answer:
    """What a call brought.

    Attributes:
        document: ``status``, ``headers``, ``body`` as text, and, when it is whole, ``redacted`` and ``duration_ms``.
        cut: Why it ends early: ``size`` or ``time``, else empty.
        failure: What was refused or went wrong, as the daemon told it; None when nothing was.
    """

    __slots__ = ("cut", "document", "failure")

    def __init__(self, document: dict[str, object], cut: str, failure: Exception | None) -> None:
        self.document, self.cut, self.failure = document, cut, failure


class Daemon:
    """The daemon of one home folder, as one MCP server asks it.

    Args:
        home: The state folder.
        chosen: The place that it was told to use.
        agent: Name of the agent by flag, empty for none.
        stream_seconds: How long an answer may go on coming in.
    """

    __slots__ = ("_agent", "_home", "_stream_seconds", "chosen")

    def __init__(self, home: str, chosen: Chosen | None = None, *, agent: str = "", stream_seconds: float = STREAM_SECONDS) -> None:
        self._home, self._agent, self._stream_seconds = home, agent, stream_seconds
        self.chosen = chosen or Chosen()

    def ask(self, task: Task, verb: str, message: dict[str, object] | None = None) -> dict[str, object]:
        """Sends one verb and reads its answer.

        Raises:
            AgentSecretsError: Whatever the daemon refused, or that it could not be reached.
            Stopped
        """
        fields = self.chosen.fields()
        try:
            content = self._open(task, verb, fields, json.dumps(message or {}).encode()).body.rest()
            document = json.loads(content)
        except (OSError, EOFError, ValueError, IndexError):
            raise _broken_off(task) from None
        finally:
            task.release()
        assert isinstance(document, dict)
        return document

    def call(self, task: Task, fields: heads.Fields, body: bytes | None) -> Answer:
        """Makes one call, exactly as ``agentsecrets call`` does.

        Args:
            task: By which it can be cancelled.
            fields: Target, method, injections and the agent's own header fields.
            body: The agent's body, None for none.

        Raises:
            AgentSecretsError: That the daemon could not be reached; what it refused is in the answer.
            Stopped
        """
        where = self.chosen.fields(as_json=True)
        try:
            answer = self._open(task, "/v1/call", [*fields, *where, *heads.caller_fields(self.agent(task))], body)
            return _collected(answer, self._stream_seconds)
        except (OSError, EOFError, ValueError, IndexError):
            raise _broken_off(task) from None
        finally:
            task.release()

    def agent(self, task: Task) -> str:
        """The name of the agent: by flag or variable, else what the client calls itself, as far as that is an agent's name."""
        named = dict(heads.caller_fields(self._agent)).get(headers.AGENT_ID, "")
        client = "".join(letter if letter in _AGENT_LETTERS else "-" for letter in task.client[:_LONGEST_AGENT])
        return named or client.lstrip(" ._@:/-")

    def _open(self, task: Task, verb: str, fields: heads.Fields, body: bytes | None) -> quick.Answer:
        """Sends a request to the daemon, which is started when none runs and replaced when it is older than this program."""
        head = heads.render(verb, fields, f"Content-Length: {len(body or b'')}")
        refusal = b"{}"
        for connection in (quick.connect(self._home), None):
            held = connection or self._started()
            task.hold(held)
            _send(held, head + (body or b""))
            answer = quick.Answer(held)
            if answer.framed or answer.status < _FIRST_FAILURE:
                return answer
            refusal = answer.body.rest()
            held.close()
            if b'"error":"other_version"' not in refusal:
                break
        raise refused(refusal)

    def _started(self) -> _socket.socket:
        from pathlib import Path

        from agentsecrets.client.launch import by_variable
        from agentsecrets.client.lifecycle import ensure_daemon
        from agentsecrets.errors import NoDaemon

        ensure_daemon(Path(self._home), by_variable())
        connection = quick.connect(self._home)
        if connection is None:
            raise NoDaemon
        return connection


def refused(told: bytes) -> Exception:
    """A failure that the daemon told as JSON."""
    from agentsecrets.errors import AgentSecretsError

    try:
        document = json.loads(told)
        domain = {"domain": document["domain"]} if document.get("domain") else {}
        return AgentSecretsError.in_words(document["error"], document["message"], document.get("hint", ""), **domain)
    except (ValueError, KeyError, TypeError, AttributeError):
        return AgentSecretsError()


def _broken_off(task: Task) -> Exception:
    from agentsecrets.errors import DaemonGone

    return Stopped() if task.stopped else DaemonGone()


def _send(connection: _socket.socket, octets: bytes) -> None:
    """Sends a request; a long one goes on in a thread of its own, because the answer may begin before it has ended."""
    if len(octets) <= _AT_ONCE:
        quick.send(connection, octets)
    else:
        _thread.start_new_thread(_pump, (connection, octets))


def _pump(connection: _socket.socket, octets: bytes) -> None:
    try:
        connection.sendall(octets)
    except OSError:
        return  # the daemon wants no more; its answer says why


def _collected(answer: quick.Answer, stream_seconds: float) -> Answer:
    """Reads frames until the last one, or until enough is there."""
    parts: list[bytes] = []
    failure, cut, kept, deadline = b"", "", 0, 0.0
    while not cut:
        try:
            kind, content = answer.frame()
        except TimeoutError:
            cut = "time"
            break
        if kind == quick.STDOUT:
            parts.append(content)
            kept += len(content)
            deadline = deadline or time.monotonic() + stream_seconds
        elif kind == quick.FAILURE:
            failure += content
        elif kind == quick.EXIT:
            break
        cut = "size" if kept > _KEPT else ""
        if deadline:
            answer.wait_at_most(deadline - time.monotonic())
    return Answer(envelope(b"".join(parts)[:_KEPT]), cut, refused(failure) if failure else None)


def envelope(written: bytes) -> dict[str, object]:
    """Reads what ``call --output json`` prints, also when it was cut within the body.

    Raises:
        ValueError: When it is none.
    """
    text = written.decode("utf-8", "ignore")
    for back in range(-1, _LONGEST_ESCAPE + 1):
        try:
            document = json.loads(text if back < 0 else text[: len(text) - back] + '"}')
        except ValueError:
            continue
        if isinstance(document, dict):
            return document
    raise ValueError
