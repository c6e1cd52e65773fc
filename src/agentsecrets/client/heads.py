"""The head of one request on the control socket: where a command runs, and what it asks for. Only failures import anything."""

import os

from agentsecrets import __version__
from agentsecrets.wire import headers

_ENVIRONMENT_VARIABLES = ("AGENTSECRETS_ENVIRONMENT", "AGENTSECRETS_ENV", "AS_ENV")

_OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Fields that would speak of the connection to the daemon instead of the one to the target."""
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_UNRESERVED = frozenset(b"/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FIRST_PRINTABLE, _DELETE, _TAB = 0x20, 0x7F, 0x09

Fields = list[tuple[str, str]]


_BY_NAME = {"workspace": headers.WORKSPACE, "project": headers.PROJECT, "environment": headers.ENVIRONMENT}


def named_place(project: str = "", environment: str = "", workspace: str = "") -> list[tuple[str, str]]:
    """``workspace``, ``project`` and ``environment`` as flags or else variables name them; what nobody names is left out.

    Args:
        project: Name or id by flag, empty for none.
        environment: Name by flag, empty for none.
        workspace: Name or id by flag, empty for none.
    """
    named = (
        ("workspace", workspace or os.environ.get("AGENTSECRETS_WORKSPACE", "")),
        ("project", project or os.environ.get("AGENTSECRETS_PROJECT", "")),
        ("environment", environment or _environment_by_variable()),
    )
    return [(name, value) for name, value in named if value]


def _environment_by_variable() -> str:
    """The environment that a variable names, empty when none does."""
    return next((value for name in _ENVIRONMENT_VARIABLES if (value := os.environ.get(name, ""))), "")


def place_fields(project: str = "", environment: str = "", workspace: str = "", *, as_json: bool = False) -> Fields:
    """Where a command runs: its folder, what flags or variables name of the place; its version, and how it wants its answer.

    Args:
        project: Name or id by flag, empty for none.
        environment: Name by flag, empty for none.
        workspace: Name or id by flag, empty for none.
        as_json: Whether the daemon is to answer with one JSON document.
    """
    fields = [(headers.VERSION, __version__), (headers.CWD, _quoted(folder()))]
    fields += [(_BY_NAME[name], value) for name, value in named_place(project, environment, workspace)]
    if as_json:
        fields.append((headers.OUTPUT, "json"))
    return fields


def caller_fields(agent: str = "", token: str = "") -> Fields:
    """Who asks, by flag or variable.

    Args:
        agent: A name by flag, empty for none.
        token: An agent token by flag, empty for none.
    """
    agent = agent or os.environ.get("AGENTSECRETS_AGENT_ID", "")
    token = token or os.environ.get("AGENTSECRETS_TOKEN", "")
    return [(name, value) for name, value in ((headers.AGENT_ID, agent), (headers.AGENT_TOKEN, token)) if value]


def own_field(name: str, value: str) -> tuple[str, str]:
    """One of the agent's own header fields.

    Raises:
        BadHeader: When it is no field name, or one that a call may not set.
    """
    lowered = name.lower()
    if not name or not _TOKEN.issuperset(lowered):
        raise bad_header("a field is a name and a value")
    if lowered in _OF_THE_CONNECTION or lowered.startswith("x-as-"):
        raise bad_header(f"{name} is not a field that a call may set")
    return name, value.strip()


def render(path: str, fields: Fields, framing: str) -> bytes:
    """The head of one request, ready for the socket.

    Args:
        path: The verb.
        fields: Header fields.
        framing: The field that says how long the body is.

    Raises:
        BadHeader: When a field holds a line break or another control character.
    """
    lines = [f"POST {path} HTTP/1.1", "Host: agentsecrets", "Connection: close", framing]
    for name, value in fields:
        if any(_is_control(ord(letter)) for letter in value):
            raise bad_header(f"{name} holds a line break or another control character")
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _is_control(number: int) -> bool:
    return (number < _FIRST_PRINTABLE and number != _TAB) or number == _DELETE


def folder() -> bytes:
    """The folder of this command; the root when it was removed."""
    try:
        return os.getcwdb()  # noqa: PTH109  (pathlib is not loaded on this path)
    except FileNotFoundError:
        return b"/"


def _quoted(path: bytes) -> str:
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in path)


def bad_header(problem: str) -> Exception:
    """The refusal of a header field, loaded when it is needed."""
    from agentsecrets.errors import BadHeader

    return BadHeader(problem=problem)
