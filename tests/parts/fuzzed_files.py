"""Fuzz targets for files of secrets: whatever is read can be written down and read again, and a refusal says nothing of the file."""

from __future__ import annotations

import json
import re

from agentsecrets.errors import BadImport
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.storage.collected import Collected
from agentsecrets.storage.dotenv import read_dotenv
from agentsecrets.storage.flat_json import read_flat_json

_MOST_REFUSALS = 24
"""More kinds of refusals than there are: one that repeated the file would be another each time."""
_ESCAPES = (("\\", r"\\"), ('"', r"\""), ("$", r"\$"), ("\r", r"\r"), ("\n", r"\n"), ("\t", r"\t"))

_refusals: set[str] = set()


def fuzz_dotenv(raw: bytes) -> None:
    """A ``.env`` file."""
    read = _checked(read_dotenv, raw)
    if read is not None:
        lines = [f"export {key} = {_quoted(value)} # {key}\r\n" for key, value in read.entries]
        assert read_dotenv("".join(lines).encode()).entries == read.entries


def fuzz_flat_json(raw: bytes) -> None:
    """A JSON file, which must mean to Python's own reader what it means to ours."""
    read = _checked(read_flat_json, raw)
    if read is not None:
        meant = {key: value.encode() for key, value in json.loads(raw.decode("utf-8-sig")).items()}
        assert dict(read.entries) | dict.fromkeys(read.empty, b"") == meant


def _checked(reads: object, raw: bytes) -> Collected | None:
    assert callable(reads)
    try:
        read = reads(raw)
    except BadImport as refused:
        _refusals.add(re.sub(r"\d+", "N", refused.message))
        assert len(_refusals) <= _MOST_REFUSALS, _refusals
        return None
    assert isinstance(read, Collected)
    names = [*(key for key, _ in read.entries), *read.empty]
    assert len(set(names)) == len(names)
    for key, value in read.entries:
        assert parse_key_name(key) == key
        check_value(value)
    return read


def _quoted(value: bytes) -> str:
    text = value.decode()
    for letter, escape in _ESCAPES:
        text = text.replace(letter, escape)
    return f'"{text}"'


TARGETS = {"dotenv": fuzz_dotenv, "flat-json": fuzz_flat_json}
SEEDS: dict[str, tuple[bytes, ...]] = {
    "dotenv": (
        b'# ours\nexport A=b # c\n\nB=\'${x} # \n two\'\nC="a\\n\\"b\\"\\$\nc"\nD=\n',
        b"\xef\xbb\xbfA = b=c \r\nB=it's\r\n",
        b'A="open\nB=1',
        b"A=$HOME\nB=${HOME}\nC=`d`\nA=2",
    ),
    "flat-json": (
        b'{"A": "b", "B": "\\u20ac\\n", "C": ""}',
        b'\xef\xbb\xbf {"A":"\\ud83d\\ude00"} ',
        b'{"A": "1", "A": "2"}',
        b'{"A": {"B": "c"}, "D": 1e400, "E": [null, true]}',
    ),
}
