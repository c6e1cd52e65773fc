"""How answers and failures look."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from agentsecrets.errors import AgentSecretsError


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with rounded borders, on terminals and pipes alike."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    def cells(row: Sequence[str]) -> str:
        return "│" + "│".join(f" {cell:<{width}} " for cell, width in zip(row, widths, strict=True)) + "│"

    print("\n".join([line("╭", "┬", "╮"), cells(heads), line("├", "┼", "┤"), *map(cells, rows), line("╰", "┴", "╯")]))


def print_failure(failure: AgentSecretsError) -> None:
    """A failure: JSON on stdout when JSON was asked for, else words on stderr."""
    if "json" in sys.argv[1:]:
        print_json({"error": failure.slug, "message": failure.message, "hint": failure.hint})
    print(f"error: {failure.message}\nhint: {failure.hint}", file=sys.stderr)
