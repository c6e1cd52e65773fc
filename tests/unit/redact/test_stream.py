from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.redact import MARK, Matcher, Redactor, SplitOverEvents, redact_whole
from tests.parts.forms import FORMS, VALUES

VALUE = VALUES["punctuation"]
MATCHER = Matcher([VALUE])


def _streamed(matcher: Matcher, parts: list[bytes]) -> bytes:
    redactor = Redactor(matcher)
    return b"".join(redactor.feed(part) for part in parts) + redactor.flush()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_is_caught_at_every_split_point(name: str) -> None:
    text = b"before " + FORMS[name](VALUE) + b" after"
    whole = redact_whole(MATCHER, text)
    assert whole[1] == 1
    for at in range(len(text) + 1):
        assert _streamed(MATCHER, [text[:at], text[at:]]) == whole[0], at


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_is_caught_byte_by_byte(name: str) -> None:
    text = b"<" + FORMS[name](VALUE) + b" " + FORMS[name](VALUE) + b">"
    released = _streamed(MATCHER, [bytes([byte]) for byte in text])
    assert FORMS[name](VALUE) not in released
    assert released == redact_whole(MATCHER, text)[0]
    assert released.replace(b"\0", b"") == b"<" + MARK + b" " + MARK + b">"


def test_overlapping_occurrences_leave_no_rest() -> None:
    matcher = Matcher([b"ababa"])
    for at in range(9):
        assert _streamed(matcher, [b"xababababay"[:at], b"xababababay"[at:]]) == b"x" + MARK + b"y"


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
    assert value not in released.replace(MARK, b"")


@given(
    st.integers(0, len(VALUE) - 1), st.integers(1, 50), st.sampled_from(["plain", "json-u", "percent-all", "html-decimal", "base64-1-0"])
)
def test_what_is_released_does_not_tell_a_guessed_prefix_from_a_wrong_one(guessed: int, size: int, name: str) -> None:
    form = FORMS[name](VALUE)[: guessed * 3]
    right, wrong = b"a" * 900 + form[:-1] + b"~" * 900, b"a" * 900 + b"~" * len(form[:-1]) + b"~" * 900

    def lengths(text: bytes) -> list[int]:
        redactor = Redactor(MATCHER)
        return [len(redactor.feed(text[at : at + size])) for at in range(0, len(text), size)]

    if redact_whole(MATCHER, right)[1] == 0:
        assert lengths(right) == lengths(wrong)


def test_exactly_one_byte_less_than_the_longest_form_is_held() -> None:
    redactor = Redactor(MATCHER)
    assert redactor.feed(b"x" * 1000) == b"x" * (1000 - (MATCHER.longest - 1))


def test_the_end_of_an_event_releases_everything_at_once() -> None:
    for blank in (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\n\n", b"\n\n\n\n", b"\r\n\n", b"\n\r\n"):
        for at in range(len(blank) + 1):
            redactor = Redactor(MATCHER, events=True)
            parts = (b"data: 1" + blank[:at], blank[at:], b"data: 2")
            assert b"".join(map(redactor.feed, parts)) == b"data: 1" + blank, (blank, at)


def test_a_value_split_over_two_events_stops_the_stream() -> None:
    matcher = Matcher([b"first-half\n\nsecond-half"])
    redactor = Redactor(matcher, events=True)
    redactor.feed(b"data: first-half\n\n")
    with pytest.raises(SplitOverEvents):
        redactor.feed(b"second-half\n\n")


def test_a_value_split_over_two_events_stops_the_stream_even_when_it_trickles() -> None:
    redactor = Redactor(Matcher([b"first-half\n\nsecond-half"]), events=True)
    redactor.feed(b"data: first-half\n\n")
    for byte in b"second-hal":
        assert redactor.feed(bytes([byte])) == b""
    with pytest.raises(SplitOverEvents):
        redactor.feed(b"f")


def test_lines_of_a_value_in_one_event_are_found_although_each_begins_with_data() -> None:
    value = b"-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----"
    event = b"data: " + value.replace(b"\n", b"\ndata: ") + b"\n\n"
    assert Redactor(Matcher([value]), events=True).feed(event) == b"data: " + MARK + b"\n\n"
