"""The wall has no window: a value cannot be shown, compared, copied, kept or sent by accident."""

from __future__ import annotations

import copy
import json
import operator
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from string import Template

import msgspec
import pytest

from agentsecrets.crypto.value import Value

RAW = b"sk_live_51HxQ/7+zvBq=Lm9"


def test_reveal_is_the_way_in_and_length_is_known():
    assert Value(RAW).reveal() == RAW
    assert len(Value(RAW)) == len(RAW)


@pytest.mark.parametrize(
    "show",
    [str, repr, lambda v: f"{v}", lambda v: f"{v!r:>40}", "{0} {0!a}".format, "%s".__mod__, pprint.pformat, ascii,
     lambda v: str([v, {"k": v}]), lambda v: Template("$v").substitute(v=v), lambda v: f"{v:s}"],
)  # fmt: skip
def test_no_text_form_shows_it(show: Callable[[Value], str]):
    shown = show(Value(RAW))
    assert "<Value>" in shown
    assert "sk_live" not in shown


@pytest.mark.parametrize(
    "deed",
    [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, hash, bytes,
     bytearray, memoryview, iter, list, vars, lambda v: v.__getstate__(), lambda v: v.__reduce__(), lambda v: v.__dict__, lambda v: v[0],
     lambda v: b"x" in v, lambda v: v + b"", lambda v: {v}, lambda v: {v: 1}, operator.index, int, lambda v: b"".join([v]),
     lambda v: v == Value(RAW), lambda v: v == RAW, lambda v: v != RAW, lambda v: v in [RAW, b""],
     lambda v: v < Value(RAW), lambda v: sorted([v, v])],
)  # fmt: skip
def test_no_other_deed_gets_at_it(deed: Callable[[Value], object]):
    with pytest.raises((TypeError, AttributeError)) as refused:
        deed(Value(RAW))
    assert "sk_live" not in str(refused.value)


def test_it_takes_no_further_attribute_and_is_not_copied_with_what_holds_it():
    @dataclass
    class Holder:
        value: Value

    with pytest.raises(AttributeError):
        Value(RAW).extra = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        asdict(Holder(Value(RAW)))
    assert "sk_live" not in repr(Holder(Value(RAW)))


def test_a_traceback_with_all_locals_does_not_show_it():
    def fail(value: Value) -> None:
        raise RuntimeError(value)

    try:
        fail(Value(RAW))
    except RuntimeError as failure:
        told = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "<Value>" in told
    assert "sk_live" not in told
