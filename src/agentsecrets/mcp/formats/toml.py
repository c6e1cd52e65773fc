"""TOML, by tomlkit, which keeps comments, order and white space."""

from __future__ import annotations

import tomllib
from typing import Any

from agentsecrets.mcp.formats.format import Format, Path, Unreadable


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Unreadable(_line(str(problem))) from None


def _line(words: str) -> int:
    _, _, rest = words.partition("(at line ")
    number = rest.partition(",")[0]
    return int(number) if number.isdecimal() else 0


def _put(text: str, path: Path, member: dict[str, Any]) -> str:
    import tomlkit
    from tomlkit.items import Table

    document: Any = tomlkit.parse(text)
    *parents, last = path
    inner = document
    for name in parents:
        if name not in inner:
            inner[name] = tomlkit.table(is_super_table=True)
        inner = inner[name]
    if last in inner and isinstance(inner[last], Table):
        for name in [name for name in inner[last] if name not in member]:
            del inner[last][name]
        inner[last].update(member)
    else:
        inner[last] = member
    return tomlkit.dumps(document)


def _remove(text: str, path: Path) -> str:
    import tomlkit

    document: Any = tomlkit.parse(text)
    *parents, last = path
    inner = document
    for name in parents:
        inner = inner[name]
    del inner[last]
    return tomlkit.dumps(document)


FORMAT = Format(_read, _put, _remove)
