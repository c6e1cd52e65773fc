"""YAML, by ruamel.yaml, which keeps comments, quotes and order."""

from __future__ import annotations

import io
from typing import Any

from agentsecrets.mcp.formats.format import Format, Path, Unreadable

_WIDE = 1 << 16


def _engine(kind: str) -> Any:
    from ruamel.yaml import YAML

    engine = YAML(typ=kind)
    engine.preserve_quotes = True
    engine.width = _WIDE
    return engine


def _loaded(text: str, kind: str) -> Any:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        document = _engine(kind).load(text)
    except MarkedYAMLError as problem:
        raise Unreadable(problem.problem_mark.line + 1 if problem.problem_mark else 0) from None
    except (YAMLError, ValueError, RecursionError):
        raise Unreadable(0) from None
    return document


def _read(text: str) -> dict[str, Any]:
    document = _loaded(text, "safe")
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Unreadable(1)
    return document


def _put(text: str, path: Path, member: dict[str, Any]) -> str:
    document = _loaded(text, "rt")
    if document is None:
        return text + _dumped(_nested(path, member))
    *parents, last = path
    inner = document
    for name in parents:
        if inner.get(name) is None:
            inner[name] = {}
        inner = inner[name]
    if isinstance(inner.get(last), dict):
        for name in [name for name in inner[last] if name not in member]:
            del inner[last][name]
        inner[last].update(member)
    else:
        inner[last] = member
    return _dumped(document)


def _remove(text: str, path: Path) -> str:
    document = _loaded(text, "rt")
    *parents, last = path
    inner = document
    for name in parents:
        inner = inner[name]
    del inner[last]
    return _dumped(document)


def _nested(path: Path, member: dict[str, Any]) -> dict[str, Any]:
    for name in reversed(path):
        member = {name: member}
    return member


def _dumped(document: Any) -> str:
    written = io.StringIO()
    _engine("rt").dump(document, written)
    return written.getvalue()


FORMAT = Format(_read, _put, _remove)
