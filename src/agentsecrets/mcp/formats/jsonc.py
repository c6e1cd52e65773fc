"""JSON with comments and trailing commas, edited as text: what is not edited stays as it is, byte for byte."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from agentsecrets.mcp.formats.format import Format, Path, Unreadable

_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_SCALAR = re.compile(
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null'
)
_MARK = "\ufeff"
_DEEPEST = 200
_INDENT = "  "


@dataclass(slots=True)
class _Member:
    """One member of an object: its name, where it begins, and its value."""

    name: str
    start: int
    value: _Node


@dataclass(slots=True)
class _Node:
    """A value in the text.

    Attributes:
        start: Where it begins.
        end: Where it has ended.
        plain: What it means.
        members: Of an object, in order; None for anything else.
        comma: Whether a comma stands behind the last member.
    """

    start: int
    end: int
    plain: Any
    members: list[_Member] | None = None
    comma: bool = False


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    depth: int = field(default=0)

    def document(self) -> _Node:
        """The one value of the text.

        Raises:
            Unreadable
        """
        self.at = len(_MARK) if self.text.startswith(_MARK) else 0
        self._blank()
        node = self._value()
        self._blank()
        if self.at != len(self.text) or node.members is None:
            raise self._wrong()
        return node

    def _value(self) -> _Node:
        opening = self.text[self.at : self.at + 1]
        if opening in ("{", "["):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self._wrong()
            node = self._object() if opening == "{" else self._array()
            self.depth -= 1
            return node
        found = _SCALAR.match(self.text, self.at)
        if found is None:
            raise self._wrong()
        self.at = found.end()
        try:
            return _Node(found.start(), found.end(), json.loads(found[0]))
        except ValueError:  # a number of thousands of digits
            raise self._wrong() from None

    def _object(self) -> _Node:
        node = _Node(self.at, self.at, {}, [])
        assert node.members is not None
        while self._goes_on(node, "}"):
            start = self.at
            name = self._value()
            if not isinstance(name.plain, str) or name.plain in node.plain:
                raise self._wrong()
            self._blank()
            self._take(":")
            self._blank()
            value = self._value()
            node.members.append(_Member(name.plain, start, value))
            node.plain[name.plain] = value.plain
        return node

    def _array(self) -> _Node:
        node = _Node(self.at, self.at, [])
        while self._goes_on(node, "]"):
            node.plain.append(self._value().plain)
        return node

    def _goes_on(self, node: _Node, closing: str) -> bool:
        """Moves to the next element, or behind the closing bracket."""
        if self.at == node.start:
            self.at += 1
            self._blank()
            first = True
        else:
            self._blank()
            node.comma = self.text[self.at : self.at + 1] == ","
            self.at += node.comma
            self._blank()
            first = False
        if self.text[self.at : self.at + 1] == closing:
            self.at += 1
            node.end = self.at
            return False
        if not first and not node.comma:
            raise self._wrong()
        return True

    def _take(self, letter: str) -> None:
        if self.text[self.at : self.at + 1] != letter:
            raise self._wrong()
        self.at += 1

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _wrong(self) -> Unreadable:
        return Unreadable(self.text.count("\n", 0, self.at) + 1)


def _node(text: str) -> _Node:
    return _Reader(text).document()


def _is_empty(text: str) -> bool:
    return not text.removeprefix(_MARK).strip()


def _read(text: str) -> dict[str, Any]:
    if _is_empty(text):
        return {}
    plain: dict[str, Any] = _node(text).plain
    return plain


def _put(text: str, path: Path, member: dict[str, Any]) -> str:
    if _is_empty(text):
        text = f"{text.strip()}{{}}\n"
    root = _node(text)
    unit, line_end = _indent_unit(text, root), "\r\n" if "\r\n" in text else "\n"
    node = root
    for depth, name in enumerate(path):
        found = _member(node, name)
        if found is None:
            written: Any = member
            for further in reversed(path[depth + 1 :]):
                written = {further: written}
            return _inserted(text, node, name, written, unit=unit, line_end=line_end)
        if depth < len(path) - 1 and found.value.members is None:
            raise Unreadable(text.count("\n", 0, found.start) + 1)
        node = found.value
    return text[: node.start] + _written(member, _line_indent(text, node.start), unit, line_end) + text[node.end :]


def _inserted(text: str, node: _Node, name: str, written: Any, *, unit: str, line_end: str) -> str:
    """The text with a further member at the end of an object."""
    assert node.members is not None
    close = node.end - 1
    outer = _line_indent(text, node.start)
    on_lines = not node.members or "\n" in text[node.start : close]
    last = node.members[-1].value.end if node.members else node.start + 1
    comma = "," if node.members and not node.comma else ""
    if not on_lines:
        between = text[last:close].rstrip()
        return f"{text[:last]}{comma}{between} {json.dumps(name)}: {json.dumps(written, ensure_ascii=False)}{text[close:]}"
    inner = _line_indent(text, node.members[0].start) if node.members else outer + unit
    between = text[last:close].rstrip()
    entry = f"{line_end}{inner}{json.dumps(name)}: {_written(written, inner, unit, line_end)}{line_end}{outer}"
    return f"{text[:last]}{comma}{between}{entry}{text[close:]}"


def _remove(text: str, path: Path) -> str:
    node = _node(text)
    for name in path[:-1]:
        found = _member(node, name)
        assert found is not None
        node = found.value
    assert node.members is not None
    index = next(index for index, member in enumerate(node.members) if member.name == path[-1])
    member = node.members[index]
    start, end = _line_start(text, member.start), member.value.end
    is_last = index == len(node.members) - 1
    if not is_last or node.comma:
        end = text.index(",", _blank_end(text, end)) + 1
    before = text[:start]
    if is_last and not node.comma and index:
        previous = node.members[index - 1].value.end
        comma = text.index(",", _blank_end(text, previous))
        before = text[:comma] + text[comma + 1 : start]
    return before + _rest(text, start, end)


def _blank_end(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found is not None
    return found.end()


def _rest(text: str, start: int, end: int) -> str:
    """What follows a removed member: its line is removed with it when nothing else stands on it."""
    newline = text.find("\n", end)
    if newline >= 0 and not text[end:newline].strip() and (start == 0 or text[start - 1] == "\n"):
        return text[newline + 1 :]
    return text[end:]


def _line_start(text: str, at: int) -> int:
    """Where the member's line begins, when only white space stands before it there."""
    line = text.rfind("\n", 0, at) + 1
    return line if not text[line:at].strip() else at


def _line_indent(text: str, at: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    return text[line : line + len(text[line:at]) - len(text[line:at].lstrip(" \t"))]


def _indent_unit(text: str, root: _Node) -> str:
    if not root.members or "\n" not in text[root.start : root.members[0].start]:
        return _INDENT
    return _line_indent(text, root.members[0].start) or _INDENT


def _member(node: _Node, name: str) -> _Member | None:
    return next((member for member in node.members or [] if member.name == name), None)


def _written(value: Any, indent: str, unit: str, line_end: str) -> str:
    """A value in the style of the file; lists of scalars stand on one line."""
    if isinstance(value, dict) and value:
        inner = indent + unit
        members = [f"{inner}{json.dumps(name)}: {_written(member, inner, unit, line_end)}" for name, member in value.items()]
        return f"{{{line_end}{f',{line_end}'.join(members)}{line_end}{indent}}}"
    return json.dumps(value, ensure_ascii=False)


FORMAT = Format(_read, _put, _remove)
