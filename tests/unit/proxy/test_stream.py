from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.proxy.redact.forms import all_forms
from agentsecrets.proxy.redact.matcher import Matcher
from agentsecrets.proxy.redact.stream import Redactor, SplitOverEvents, redact_whole
from agentsecrets.wire.headers import REDACTION_MARK

VALUE = b'sk_live_51HxQ/7+zvBq="Lm9'
MATCHER = Matcher([VALUE])


def _streamed(matcher: Matcher, parts: list[bytes]) -> bytes:
    redactor = Redactor(matcher)
    return b"".join(redactor.feed(part) for part in parts) + redactor.flush()


@pytest.mark.parametrize("form", sorted(all_forms(VALUE)))
def test_every_form_is_caught_at_every_split_point(form: bytes) -> None:
    text = b"before " + form + b" after"
    for at in range(len(text) + 1):
        released = _streamed(MATCHER, [text[:at], text[at:]])
        assert form not in released
        assert released.startswith(b"before ")
        assert released.endswith(b" after")
        assert released.count(REDACTION_MARK) == 1


@pytest.mark.parametrize("form", sorted(all_forms(VALUE)))
def test_every_form_is_caught_byte_by_byte(form: bytes) -> None:
    released = _streamed(MATCHER, [bytes([byte]) for byte in b"<" + form + form + b">"])
    assert form not in released
    assert released[:1] == b"<"
    assert released[-1:] == b">"


def test_overlapping_occurrences_leave_no_rest() -> None:
    matcher = Matcher([b"ababa"])
    for at in range(9):
        assert _streamed(matcher, [b"xababababay"[:at], b"xababababay"[at:]]) == b"x" + REDACTION_MARK + b"y"


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bytes_without_a_value_are_never_changed(parts: list[bytes]) -> None:
    assert _streamed(MATCHER, parts) == b"".join(parts)


@given(st.binary(min_size=6, max_size=60), st.binary(max_size=200), st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=30))
def test_no_cutting_into_chunks_changes_what_comes_out(value: bytes, before: bytes, after: bytes, sizes: list[int]) -> None:
    matcher = Matcher([value])
    text, parts = before + value + after, []
    rest = text
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    released = _streamed(matcher, [*parts, rest])
    assert released == redact_whole(matcher, text)[0]
    assert value not in released.replace(REDACTION_MARK, b"")


@given(st.integers(0, len(VALUE) - 1), st.integers(1, 50))
def test_what_is_released_does_not_tell_a_guessed_prefix_from_a_wrong_one(guessed: int, size: int) -> None:
    right, wrong = b"a" * 300 + VALUE[:guessed] + b"~" * 300, b"a" * 300 + b"~" * guessed + b"~" * 300

    def lengths(text: bytes) -> list[int]:
        redactor = Redactor(MATCHER)
        return [len(redactor.feed(text[at : at + size])) for at in range(0, len(text), size)]

    assert lengths(right) == lengths(wrong)


def test_exactly_one_byte_less_than_the_longest_form_is_held() -> None:
    redactor = Redactor(MATCHER)
    assert redactor.feed(b"x" * 1000) == b"x" * (1000 - (MATCHER.longest - 1))


def test_the_end_of_an_event_releases_everything_at_once() -> None:
    for blank in (b"\n\n", b"\r\n\r\n", b"\r\r"):
        assert Redactor(MATCHER, events=True).feed(b"data: 1" + blank) == b"data: 1" + blank


def test_a_value_split_over_two_events_stops_the_stream() -> None:
    matcher = Matcher([b"first-half\n\nsecond-half"])
    redactor = Redactor(matcher, events=True)
    redactor.feed(b"data: first-half\n\n")
    with pytest.raises(SplitOverEvents):
        redactor.feed(b"second-half\n\n")
