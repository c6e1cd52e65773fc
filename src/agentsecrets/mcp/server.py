"""The server: one process per client, messages on standard input, answers on standard output, each tool call in a thread of its own."""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable

from agentsecrets.client import quick
from agentsecrets.mcp import protocol
from agentsecrets.mcp.arguments import problem_with
from agentsecrets.mcp.asking import Daemon
from agentsecrets.mcp.chosen import Chosen
from agentsecrets.mcp.lines import Writer, lines, own_stdout
from agentsecrets.mcp.pages import Pages
from agentsecrets.mcp.protocol import Fault, Request, Session
from agentsecrets.mcp.task import Stopped, Task
from agentsecrets.mcp.tools import ALL, TOOLS
from agentsecrets.mcp.tools.tool import Desk, Tool, bad_arguments

AT_ONCE = 16
"""Most tool calls that are under way at once."""
_LONGEST_BATCH = 32
_ENDING_SECONDS = 5.0
"""How long calls under way may go on when the client has closed the input."""
_NO_READER = 141

Message = dict[str, object]
Write = Callable[[Message], None]


def serve(chosen: Chosen, agent: str = "") -> int:
    """Serves one client on standard input and output until the input ends.

    Args:
        chosen: The place that it always uses; what is open in it is the folder's, or the active one.
        agent: Name under which calls are logged, empty for what the client calls itself.

    Returns:
        The exit code.
    """
    daemon = Daemon(quick.home_folder(), chosen, agent=agent)
    out = Writer(own_stdout())

    def write(message: object) -> None:
        try:
            out.write(protocol.written(message))
        except OSError:
            os._exit(_NO_READER)  # the client is gone, and with it whoever waits for the other threads

    server = Server(daemon, write)
    for line in lines(0):
        server.receive(line)
    server.finish()
    return 0


class Server:
    """Answers messages; it knows nothing of where they come from.

    Args:
        daemon: Whom the tools ask.
        write: Takes each answer, from any thread.
    """

    __slots__ = ("_daemon", "_pages", "_running", "_session", "_turn", "_unwritten", "_write")

    def __init__(self, daemon: Daemon, write: Callable[[object], None]) -> None:
        self._daemon, self._write, self._pages, self._session = daemon, write, Pages(), Session()
        self._running: dict[str | int, Task] = {}
        self._unwritten: set[Task] = set()
        self._turn = _thread.allocate_lock()

    def receive(self, line: bytes | None) -> None:
        """Takes one line, None for one that was too long."""
        try:
            message = protocol.read(line)
        except Fault as fault:
            self._write(protocol.error(None, fault))
            return
        if isinstance(message, list) and self._session.takes_batches and 0 < len(message) <= _LONGEST_BATCH:
            self._apart(Task(""), lambda: self._batch(message))
        else:
            self._message(message, self._write, apart=True)

    def finish(self) -> None:
        """Waits for the calls under way, for a moment; whatever is not done then is cut off by the end of the process."""
        deadline = time.monotonic() + _ENDING_SECONDS
        for task in list(self._unwritten):
            task.done.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def _apart(self, task: Task, work: Callable[[], None]) -> None:
        """Does something in a thread of its own, for which the end of the input waits."""

        def run() -> None:
            try:
                work()
            finally:
                self._unwritten.discard(task)
                task.done.release()

        self._unwritten.add(task)
        _thread.start_new_thread(run, ())

    def _batch(self, messages: list[object]) -> None:
        answers: list[Message] = []
        for message in messages:
            self._message(message, answers.append, apart=False)
        if answers:
            self._write(answers)

    def _message(self, message: object, write: Write, *, apart: bool) -> None:
        try:
            request = self._session.receive(message)
            if request is None or (request.id is None and request.method != "notifications/cancelled"):
                return
            self._answer(request, write, apart=apart)
        except Fault as fault:
            if not isinstance(message, dict) or "id" in message or "method" not in message:
                write(protocol.error(protocol.identifier_of(message), fault))

    def _answer(self, request: Request, write: Write, *, apart: bool) -> None:
        """Answers one request.

        Raises:
            Fault: When there is nothing to answer it with.
        """
        if request.id is None:
            self._cancel(request.params.get("requestId"))
        elif request.method == "initialize" and not request.modern and apart:
            write(protocol.reply(request, self._session.initialize(request)))
        elif request.method == "ping" and not request.modern:
            write(protocol.reply(request, {}))
        elif request.method == "server/discover":
            write(protocol.reply(request, protocol.discovered(), cacheable=True))
        elif not request.version:
            raise Fault(protocol.INVALID_REQUEST, "initialize first, or say the protocol version in _meta")
        elif request.method == "tools/list":
            write(protocol.reply(request, _listed(request), cacheable=True))
        elif request.method == "tools/call":
            self._call(request, write, apart=apart)
        else:
            raise Fault(protocol.METHOD_NOT_FOUND, "this method is not offered")

    # --- tool calls -------------------------------------------------------------------------------------------------------------------

    def _call(self, request: Request, write: Write, *, apart: bool) -> None:
        name, arguments = request.params.get("name"), request.params.get("arguments", {})
        tool = TOOLS.get(name) if isinstance(name, str) else None
        if tool is None:
            raise Fault(protocol.INVALID_PARAMS, "there is no such tool")
        if not isinstance(arguments, dict):
            raise Fault(protocol.INVALID_PARAMS, "arguments is an object")
        assert request.id is not None
        task = Task(request.client)
        with self._turn:
            if request.id in self._running:
                raise Fault(protocol.INVALID_REQUEST, "a request with this id is under way")
            if len(self._running) >= AT_ONCE:
                write(protocol.reply(request, _refusal(_busy())))
                return
            self._running[request.id] = task
        if apart:
            self._apart(task, lambda: self._run(request, tool, arguments, task, write))
        else:
            self._run(request, tool, arguments, task, write)

    def _run(self, request: Request, tool: Tool, arguments: dict[str, object], task: Task, write: Write) -> None:
        answer = self._ran(request, tool, arguments, task)
        with self._turn:
            assert request.id is not None
            self._running.pop(request.id, None)
            stopped = task.stopped
        if not stopped:
            write(answer)

    def _ran(self, request: Request, tool: Tool, arguments: dict[str, object], task: Task) -> Message:
        try:
            return protocol.reply(request, _result(request, self._used(tool, arguments, task)))
        except Stopped:
            return {}
        except Exception as failure:  # noqa: BLE001  (the outermost edge of a call: a fault of ours is told in our words, never as a traceback)
            return protocol.reply(request, _refusal(failure))

    def _used(self, tool: Tool, arguments: dict[str, object], task: Task) -> Message:
        problem = problem_with(arguments, tool.schema)
        if problem:
            raise bad_arguments(problem)
        return tool.run(Desk(self._daemon, self._pages, task), arguments)

    def _cancel(self, identifier: object) -> None:
        with self._turn:
            named = protocol.identifier_of({"id": identifier})
            task = None if named is None else self._running.get(named)
        if task is not None:
            task.stop()


def _listed(request: Request) -> Message:
    if request.params.get("cursor") is not None:
        raise Fault(protocol.INVALID_PARAMS, "there is no such cursor")
    return {"tools": [tool.shown(request.version) for tool in ALL]}


def _result(request: Request, structured: Message) -> Message:
    """A result as text and, where the version knows it, as structure.

    The text is the same as JSON, so that what an upstream wrote stays inside the quotes of one member.
    """
    told: Message = {"content": [{"type": "text", "text": protocol.text_of(structured)}], "isError": False}
    return told | ({"structuredContent": structured} if request.version >= "2025-06-18" else {})


def _refusal(failure: Exception) -> Message:
    """A failure as the result of a tool: the assistant is to read it and to do what the hint says."""
    from agentsecrets.errors import AgentSecretsError

    told = failure if isinstance(failure, AgentSecretsError) else AgentSecretsError()
    document = {"error": told.slug, "message": told.message, "hint": told.hint}
    if "domain" in told.subjects:
        document["domain"] = told.subjects["domain"]
    return {"content": [{"type": "text", "text": protocol.text_of(document)}], "isError": True}


def _busy() -> Exception:
    from agentsecrets.errors import Busy

    return Busy(limit=AT_ONCE)
