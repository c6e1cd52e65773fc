r"""Reading ``.env`` files, strictly: what programs that read them understand in different ways is refused, not guessed.

A line is ``NAME=value``, with ``export`` before it and blanks around it and around ``=`` if need be; a line that begins with ``#`` says
nothing. A value without quotes ends with the line or before blanks and ``#``, and is taken as it stands. In single quotes everything
stands for itself. In double quotes ``\n``, ``\r``, ``\t``, ``\\``, ``\"`` and ``\$`` are escapes. Quoted values may span lines.

Source: python-dotenv 1.2 ``parser.py`` and docker's ``--env-file`` disagree on ``$``, escapes, ``#`` and names without ``=``; the rules
here are those on which they agree, and a refusal for the rest. docs/how-to/import.md has them for people.
"""

from __future__ import annotations

import re

from agentsecrets.errors import BadImport
from agentsecrets.storage.collected import Collected, as_text

_BLANKS = " \t"
_EXPORT = re.compile(r"export[ \t]+")
_COMMENT = re.compile(r"[ \t]#")
_BEHIND = re.compile(r"(?:[ \t]+#[^\n]*|[ \t]*)(?:\n|\Z)")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"([^"\\]*(?:\\[^\n][^"\\]*)*)"')
_ESCAPE = re.compile(r"\\(.)")
_MEANS = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}
_REPLACED = re.compile(r"\$[{(]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TAKEN = "some programs would replace ${…} or $(…) in it; put it in single quotes when it is meant as it stands"


def read_dotenv(content: bytes) -> Collected:
    """The names and values of a ``.env`` file, in its order.

    Raises:
        BadImport: At the first line that is not as above; it has the line's number, and nothing of what stands there.
    """
    text = as_text(content).replace("\r\n", "\n")
    control = _CONTROL.search(text)
    if control is not None:
        raise _refused(text.count("\n", 0, control.start()) + 1, "there is a control character in it")
    collected, at, line = Collected(), 0, 1
    while at < len(text):
        end = _read_line(text, at, line, collected)
        line, at = line + text.count("\n", at, end), end
    return collected


def _read_line(text: str, at: int, line: int, collected: Collected) -> int:
    """Reads what begins here, which may span lines; answers where the next line begins."""
    found = text.find("\n", at)
    stop = len(text) if found < 0 else found
    told = text[at:stop].lstrip(_BLANKS)
    if not told or told.startswith("#"):
        return stop + 1
    name, equals, rest = told.partition("=")
    if not equals:
        raise _refused(line, "there is no NAME=value in it")
    rest = rest.lstrip(_BLANKS)
    exported = _EXPORT.match(name)
    name = name[exported.end() if exported else 0 :].rstrip(_BLANKS)
    if rest[:1] in ("'", '"'):
        value, end = _quoted(text, stop - len(rest), line)
    else:
        value, end = _bare(rest, line), stop + 1
    collected.add(f"line {line}", name, value.encode())
    return end


def _bare(rest: str, line: int) -> str:
    comment = _COMMENT.search(rest)
    value = (rest if comment is None else rest[: comment.start()]).rstrip(_BLANKS)
    if value.startswith(("#", "`")):
        raise _refused(line, "a value that begins with # or a backquote has to stand in single quotes")
    if _REPLACED.search(value):
        raise _refused(line, _TAKEN)
    return value


def _quoted(text: str, start: int, line: int) -> tuple[str, int]:
    is_single = text[start] == "'"
    found = (_SINGLE if is_single else _DOUBLE).match(text, start)
    if found is None:
        raise _refused(line, "its quote is not closed")
    behind = _BEHIND.match(text, found.end())
    if behind is None:
        raise _refused(line + found[0].count("\n"), "something stands behind the closing quote")
    return found[1] if is_single else _unescaped(found[1], line), behind.end()


def _unescaped(inner: str, line: int) -> str:
    if any(escape not in _MEANS for escape in _ESCAPE.findall(inner)):
        raise _refused(line, r"a backslash in double quotes stands before n, r, t, \, a double quote or $ only")
    if _REPLACED.search(_ESCAPE.sub(" ", inner)):
        raise _refused(line, _TAKEN)
    return _ESCAPE.sub(lambda escape: _MEANS[escape[1]], inner)


def _refused(line: int, problem: str) -> BadImport:
    return BadImport(where=f"line {line}", problem=problem)
