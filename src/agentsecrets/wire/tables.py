"""Tables with rounded borders and aligned pairs, the same on a terminal and on a pipe."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence

from agentsecrets.errors import plain

_WIDE = ("W", "F")
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, color: bool = False) -> str:
    """A table, ending with a line end.

    Args:
        head: The words of the first row.
        rows: As many cells each.
        color: Whether the first row is set in bold.
    """
    cells = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    rules = ["─" * (width + 2) for width in widths]
    lines = [_row(row, widths) for row in cells]
    framed = [f"╭{'┬'.join(rules)}╮", lines[0], f"├{'┼'.join(rules)}┤", *lines[1:], f"╰{'┴'.join(rules)}╯"]
    text = "\n".join(framed) + "\n"
    return emphasized(text) if color else text


def emphasized(text: str) -> str:
    """A table with its first row set in bold."""
    top, head, rest = text.split("\n", 2)
    return f"{top}\n{_BOLD}{head}{_PLAIN}\n{rest}"


def pairs(lines: Sequence[tuple[str, str]]) -> str:
    """Names and what belongs to them, aligned, ending with a line end; a pair without content is left out."""
    shown = [(name, content) for name, content in lines if content]
    widest = max((_width(name) for name, _ in shown), default=0)
    return "".join(f"{name}{' ' * (widest - _width(name))}  {plain(content)}\n" for name, content in shown)


def marked(environment: str) -> str:
    """The name of an environment as it is shown: production stands out."""
    return "PRODUCTION" if environment == "production" else environment


def moment(time_ms: int) -> str:
    """A moment in UTC, to the minute."""
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M")


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "│" + "│".join(f" {cell}{' ' * (width - _width(cell))} " for cell, width in zip(cells, widths, strict=True)) + "│"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in _WIDE else 0 if unicodedata.combining(letter) else 1 for letter in text)
