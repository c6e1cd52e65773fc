"""The quick path of ``call``, ``status`` and ``mcp serve``: one request on the control socket, and a copy of the frames that come back.

Only ``sys``, ``os`` and ``_socket`` are loaded here while nothing is unusual; everything else answers None and is done by the library.
"""

import _socket
import os

from agentsecrets.cli import calls, flags
from agentsecrets.client import heads, quick

_OTHER_VERSION = b'"error":"other_version"'
"""A refusal that the library answers with a fresh daemon; nothing was done yet."""


class Ending:
    """How a conversation ended.

    Attributes:
        code: The exit code that the daemon gave, None when there is one of the others.
        consent: What a person is asked to allow, as JSON.
        refusal: The failure, as JSON, of an answer that is no stream of frames.
    """

    __slots__ = ("code", "consent", "refusal")

    def __init__(self, code: int | None = None, consent: bytes = b"", refusal: bytes = b"") -> None:
        self.code, self.consent, self.refusal = code, consent, refusal


def run(words: list[str]) -> int | None:
    """Does ``call``, ``status`` or ``mcp serve`` when nothing is unusual.

    Args:
        words: The command line without the program's name; the first word is the command.

    Returns:
        The exit code, or None when the library has to look at it; nothing was done then.

    Raises:
        AgentSecretsError: For flags that cannot be meant, and whatever the daemon refused before its first frame.
    """
    if words[0] == "mcp":
        return serve(words[2:])
    given = flags.parse(words[1:], flags.CALL if words[0] == "call" else flags.STATUS)
    if given is None:
        return None
    connection = quick.connect(quick.home_folder())
    if connection is None:
        return None
    ending = call(connection, given, asks=os.isatty(0)) if words[0] == "call" else status(connection, given)
    return None if ending.consent or _OTHER_VERSION in ending.refusal else settled(ending)


def serve(words: list[str]) -> int | None:
    """Serves an AI tool; what it asks the daemon comes later.

    Args:
        words: The flags of ``mcp serve``.
    """
    given = flags.parse(words, flags.MCP_SERVE)
    if given is None:
        return None
    from agentsecrets.mcp.chosen import Chosen
    from agentsecrets.mcp.server import serve

    named = {flag: values[0] for flag, values in given.items()}
    workspace, project, environment = (named.get(flag, "") for flag in ("--workspace", "--project", "--environment"))
    return serve(Chosen(workspace=workspace, project=project, environment=environment), named.get("--agent-id", ""))


def status(connection: _socket.socket, given: flags.Given) -> Ending:
    """Asks how the daemon stands and copies what it says.

    Args:
        connection: To the control socket; it is closed.
        given: The values of the flags of ``status``.
    """
    try:
        quick.send(connection, heads.render("/v1/status/shown", calls.place_fields(given), "Content-Length: 0"))
        return copy_frames(connection, asks=False)
    finally:
        connection.close()


def call(connection: _socket.socket, given: flags.Given, *, asks: bool) -> Ending:
    """Makes one call and copies its answer.

    Args:
        connection: To the control socket; it is closed.
        given: The values of the flags of ``call``.
        asks: Whether there is a person whose consent can be asked; the ending says what for.
    """
    fields, words = calls.call_fields(given), given.get("--body")
    try:
        if words is None:
            quick.send(connection, heads.render("/v1/call", fields, "Content-Length: 0"))
        else:
            from agentsecrets.cli.bodies import open_body

            body = open_body(words[-1])
            body.send(connection, heads.render("/v1/call", fields, body.framing))
        return copy_frames(connection, asks=asks)
    finally:
        connection.close()


def settled(ending: Ending) -> int:
    """The exit code of a conversation.

    Raises:
        AgentSecretsError: What the daemon refused before its first frame.
        ForeignDaemon: When what answered does not speak as a daemon does.
    """
    if ending.code is None:
        from agentsecrets.errors import ForeignDaemon
        from agentsecrets.wire.failures import from_json

        raise from_json(ending.refusal, ForeignDaemon)
    return ending.code


def copy_frames(connection: _socket.socket, *, asks: bool) -> Ending:
    """Copies frames to standard output and standard error until the last one.

    Args:
        connection: A connection on which a request was sent.
        asks: Whether to stop at a frame that asks for a person's consent, instead of going on to the refusal.

    Raises:
        DaemonGone: When the daemon breaks off before its last frame.
    """
    try:
        answer = quick.Answer(connection)
        if not answer.framed:
            return Ending(refusal=answer.body.rest() or b"{}")
        consent = b""
        while True:
            kind, content = answer.frame()
            if kind == quick.STDOUT:
                quick.write_all(1, content)
            elif kind == quick.STDERR:
                quick.write_all(2, content)
            elif kind == quick.CONSENT and asks:
                consent = content
            elif kind == quick.EXIT:
                return Ending(consent=consent) if consent else Ending(content[0])
    except (ConnectionResetError, EOFError, ValueError, IndexError):
        from agentsecrets.errors import DaemonGone

        raise DaemonGone from None
