"""The text that teaches an assistant to use the tool, written into a folder by ``init``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

PATH = ".agent/workflows/agentsecrets.md"
_MARK = "<!-- written by agentsecrets, sha256 "
_MARK_END = " -->\n"


def write_workflow(note: Callable[[str], None]) -> str:
    """Writes the text into this folder, over an older one that nobody has changed, and over nothing else.

    Args:
        note: Where it is said when the text could not be written.

    Returns:
        The path that holds the text now, empty when it was not written.
    """
    path, content = Path.cwd() / PATH, workflow_text()
    try:
        if path.is_symlink() or (path.exists() and not _is_ours(path.read_text(encoding="utf-8", errors="replace"))):
            note(f"note: {PATH} exists and was not written by AgentSecrets, or was changed since; it is left as it is")
            return ""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    except OSError as failure:
        note(f"note: {PATH} could not be written here: {failure.strerror}")
        return ""
    return str(path)


def workflow_text() -> str:
    """The text, under a mark by which it is known again."""
    text = resources.files("agentsecrets.cli").joinpath("workflow.md").read_text(encoding="utf-8")
    return f"{_MARK}{_digest(text)}{_MARK_END}{text}"


def _is_ours(content: str) -> bool:
    mark, end, text = content.partition(_MARK_END)
    return bool(end) and mark == f"{_MARK}{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
