"""Running the command with its values: which streams it gets, and what is said beforehand."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from agentsecrets.daemon.handover.child import Streams, start
from agentsecrets.daemon.handover.granting import Granted
from agentsecrets.daemon.handover.masking import SHORTEST, LineMask, needles
from agentsecrets.daemon.handover.relay import Output, Relay
from agentsecrets.daemon.handover.signals import exit_code, passed_on
from agentsecrets.daemon.handover.terminals import WholeTerminal, copy_size, in_foreground, open_for_output
from agentsecrets.redact import Matcher
from agentsecrets.wire.handover import Order

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_MOST_NAMED = 5


def run(order: Order, granted: Granted, mask: int) -> int:
    """Runs the command to its end.

    Args:
        order: The command and the person's environment.
        granted: The values; they come on top of variables of the same name.
        mask: The file mode mask of the person's shell.

    Returns:
        The exit code that the shell is to see.

    Raises:
        CommandNotFound, CommandNotStarted, EnvironmentTooLarge
    """
    looked_for = needles(granted.values.values()) if order.masks else set()
    _say_beforehand(order, granted)
    variables = dict(order.variables) | {name.encode(): value for name, value in granted.values.items()}
    with _lines(Matcher(looked_for) if looked_for else None) as lines:
        child = start(order.command, variables, lines.streams, mask, len(granted.values))
        lines.close_theirs()
        status = lines.wait(child.pid)
    child.returncode = exit_code(status)
    return child.returncode


@dataclass(slots=True)
class _Lines:
    """How the command is connected.

    Attributes:
        streams: What it gets.
        wait: Waits for its end while everything is passed on.
        theirs: Descriptors that are the command's alone once it runs.
    """

    streams: Streams
    wait: Callable[[int], int]
    theirs: list[int] = field(default_factory=list)

    def close_theirs(self) -> None:
        """Closes them here."""
        while self.theirs:
            os.close(self.theirs.pop())


@contextlib.contextmanager
def _lines(matcher: Matcher | None) -> Iterator[_Lines]:
    if matcher is None:
        lines, terminal = _Lines(Streams(_STDIN, _STDOUT, _STDERR), _wait), None
    elif os.isatty(_STDIN) and os.isatty(_STDOUT) and in_foreground():
        terminal = WholeTerminal()
        lines = _on_a_terminal(terminal, matcher)
    else:
        lines, terminal = _on_what_is_there(matcher), None
    try:
        if terminal is not None:
            terminal.take()
        yield lines
    finally:
        lines.close_theirs()
        if terminal is not None:
            terminal.give_back()


def _wait(child: int) -> int:
    with passed_on(child, own_terminal=False):
        return os.waitpid(child, 0)[1]


def _on_a_terminal(terminal: WholeTerminal, matcher: Matcher) -> _Lines:
    """A terminal of its own for everything that is on the person's; another standard error through a pipe."""
    outputs, stderr, theirs = [Output(terminal.ours, _STDOUT, LineMask(matcher))], terminal.theirs, [terminal.theirs]
    if not os.isatty(_STDERR):
        ours, stderr = os.pipe()
        outputs.append(Output(ours, _STDERR, LineMask(matcher)))
        theirs.append(stderr)
    relay = Relay(outputs, terminal, terminal.resize)
    return _Lines(Streams(terminal.theirs, terminal.theirs, stderr, leads=True), relay.run, theirs)


def _on_what_is_there(matcher: Matcher) -> _Lines:
    """Standard input itself; for each output a pipe, or a terminal where it goes to one; one for both where both go to the same place."""
    outputs: list[Output] = []
    ends: dict[int, int] = {}
    terminals: list[tuple[int, int]] = []
    for sink in (_STDOUT, _STDERR):
        same = next((other for other in ends if _are_the_same(other, sink)), None)
        if same is not None:
            ends[sink] = ends[same]
            continue
        if os.isatty(sink):
            ours, ends[sink] = open_for_output(sink)
            terminals.append((sink, ours))
        else:
            ours, ends[sink] = os.pipe()
        outputs.append(Output(ours, sink, LineMask(matcher)))

    def resize() -> None:
        for sink, ours in terminals:
            copy_size(sink, ours)

    relay = Relay(outputs, None, resize)
    return _Lines(Streams(_STDIN, ends[_STDOUT], ends[_STDERR]), relay.run, list(set(ends.values())))


def _are_the_same(one: int, other: int) -> bool:
    """Whether two descriptors lead to the same place, so that the order of what is written to them counts."""
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)


def _say_beforehand(order: Order, granted: Granted) -> None:
    """What a person has to know; on standard error, so that it stands in nobody's output."""
    notes = []
    if not granted.values:
        notes.append(f"there are no secrets in {granted.place}; the command runs without any")
    short = [name for name, value in granted.values.items() if len(value) < SHORTEST]
    if order.masks and short:
        more = f" and {len(short) - _MOST_NAMED} more" if len(short) > _MOST_NAMED else ""
        named = ", ".join(short[:_MOST_NAMED])
        notes.append(f"not taken out of the output, because shorter than {SHORTEST} bytes: {named}{more}")
    if order.remember:
        notes.append("this command is remembered; agentsecrets env --remembered lists what is, and --forget ends it")
    for note in notes:
        sys.stderr.write(f"note: {note}\n")
    sys.stderr.flush()
