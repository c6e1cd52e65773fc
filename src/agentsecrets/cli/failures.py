"""How a failure is told: words on standard error, or one JSON document on standard output."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence

from agentsecrets.errors import AgentSecretsError

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


def explain(failure: Exception, words: Sequence[str]) -> int:
    """Tells a failure and answers the exit code.

    Args:
        failure: One of the error tree; anything else is a fault of ours, of which only the kind is told.
        words: The command line, to see which form is wanted.
    """
    told = failure if isinstance(failure, AgentSecretsError) else AgentSecretsError()
    if wants_json(words):
        print(_document(told, words))
    else:
        print(f"{colored('error:', _RED)} {told.message}\nhint: {told.hint}", file=sys.stderr)
    if told is not failure:
        print(f"({type(failure).__name__})", file=sys.stderr)
    return told.exit_code


def wants_json(words: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, also one that cannot be read otherwise."""
    ours = list(words[: words.index("--")] if "--" in words else words)
    return "--output=json" in ours or ("--output", "json") in itertools.pairwise(ours)


def colored(text: str, color: str) -> str:
    """Text in a color, when standard error is a terminal that shows colors."""
    return f"{color}{text}{_PLAIN}" if shows_color(2) else text


def shows_color(descriptor: int) -> bool:
    """Whether colors may be written there. Source: no-color.org."""
    return os.isatty(descriptor) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _document(failure: AgentSecretsError, words: Sequence[str]) -> str:
    import json

    told = {"error": failure.slug, "message": failure.message, "hint": failure.hint}
    if "domain" in failure.subjects:
        told["domain"] = failure.subjects["domain"]
    if words and words[0] == "call":
        body = json.dumps(told, ensure_ascii=False)
        envelope = {"status": 0, "headers": {}, "body": body, "redacted": False, "duration_ms": 0, "error": failure.message}
        return json.dumps(envelope, ensure_ascii=False)
    return json.dumps(told, ensure_ascii=False)
