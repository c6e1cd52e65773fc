"""What a command prints, without values: within a line whatever the writes, and without holding up a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.daemon.handover.masking import SHORTEST, SILENCE_SECONDS, LineMask, needles
from agentsecrets.redact import MARK, Matcher

VALUE = b'sk_live_51HxQ/7+zvBq="Lm9'
MATCHER = Matcher([VALUE])
PEM = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"


class Clock:
    """Time that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def feed(self, mask: LineMask, *chunks: bytes) -> bytes:
        return b"".join(mask.feed(chunk, self.now) for chunk in chunks)

    def wait(self, mask: LineMask, seconds: float) -> bytes:
        self.now += seconds
        return mask.settle(self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_value_is_found_at_every_split_of_its_line(clock: Clock) -> None:
    line = b"token=" + VALUE + b" end\n"
    for at in range(1, len(line)):
        mask = LineMask(MATCHER)
        assert clock.feed(mask, line[:at], line[at:]) == b"token=" + MARK + b" end\n", at


def test_a_value_is_found_in_writes_of_one_byte(clock: Clock) -> None:
    mask = LineMask(MATCHER)
    shown = clock.feed(mask, *(bytes([byte]) for byte in b"a " + VALUE + b" b\nc " + VALUE))
    assert shown + mask.finish() == b"a " + MARK + b" b\nc " + MARK


def test_a_line_goes_as_soon_as_it_ends(clock: Clock) -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        mask = LineMask(MATCHER)
        assert clock.feed(mask, b'{"id": 1', b"}" + end) == b'{"id": 1}' + end
        assert mask.due is None


def test_a_prompt_goes_after_fifty_milliseconds_of_silence_and_not_before(clock: Clock) -> None:
    mask = LineMask(MATCHER)
    assert clock.feed(mask, b"Name: ") == b""
    assert mask.due == clock.now + SILENCE_SECONDS
    assert clock.wait(mask, SILENCE_SECONDS * 0.9) == b""
    assert clock.wait(mask, SILENCE_SECONDS * 0.2) == b"Name: "
    assert mask.due is None
    assert clock.wait(mask, 10) == b""


def test_each_write_puts_the_silence_off(clock: Clock) -> None:
    mask = LineMask(MATCHER)
    for letter in b"Name: ":
        assert clock.feed(mask, bytes([letter])) == b""
        assert clock.wait(mask, SILENCE_SECONDS * 0.8) == b""
    assert clock.wait(mask, SILENCE_SECONDS) == b"Name: "


def test_a_whole_value_is_found_in_a_line_that_never_ends(clock: Clock) -> None:
    mask = LineMask(MATCHER)
    clock.feed(mask, b"> " + VALUE[:9], VALUE[9:])
    assert clock.wait(mask, 1) == b"> " + MARK


@pytest.mark.parametrize("at", range(1, len(VALUE)))
def test_a_value_with_a_silence_in_it_is_cut_off_at_the_silence(clock: Clock, at: int) -> None:
    mask = LineMask(MATCHER)
    clock.feed(mask, VALUE[:at])
    assert clock.wait(mask, 1) == VALUE[:at]
    shown = clock.feed(mask, VALUE[at:] + b" rest", b" of it\nnext " + VALUE + b"\n")
    assert shown == MARK + b"\nnext " + MARK + b"\n"


def test_the_line_after_a_cut_off_value_is_whole_again(clock: Clock) -> None:
    mask = LineMask(MATCHER)
    clock.feed(mask, VALUE[:9])
    clock.wait(mask, 1)
    assert clock.feed(mask, VALUE[9:] + b"\nnext\n") == MARK + b"\nnext\n"


def test_a_value_of_several_lines_is_found_line_by_line(clock: Clock) -> None:
    mask = LineMask(Matcher(needles([PEM])))
    shown = b"".join(clock.feed(mask, line) for line in PEM.splitlines(keepends=True))
    assert shown.count(MARK) == 2
    assert b"MIIE" not in shown
    assert shown.startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_what_frames_a_key_is_not_looked_for_and_neither_is_a_short_value() -> None:
    assert needles([PEM]) == {PEM, *PEM.splitlines()[1:3]}
    assert needles([b"true", b"8080", b"x" * SHORTEST]) == {b"x" * SHORTEST}


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=200), st.booleans()), max_size=30))
def test_output_without_a_value_is_never_changed(parts: list[tuple[bytes, bool]]) -> None:
    mask, clock, shown = LineMask(MATCHER), Clock(), b""
    for part, pauses in parts:
        shown += clock.feed(mask, part)
        if pauses:
            shown += clock.wait(mask, 1)
    assert shown + mask.finish() == b"".join(part for part, _ in parts)


@given(
    st.text(alphabet="ab \n\r", max_size=60), st.text(alphabet="ab \n\r", max_size=60), st.lists(st.integers(1, 9), min_size=1, max_size=60)
)
def test_no_cutting_into_writes_lets_a_value_through(before: str, after: str, sizes: list[int]) -> None:
    mask, clock, rest = LineMask(MATCHER), Clock(), before.encode() + VALUE + after.encode()
    shown = b""
    for size in sizes:
        if rest[:size]:
            shown += clock.feed(mask, rest[:size])
        rest = rest[size:]
    shown += clock.feed(mask, rest) if rest else b""
    assert shown + mask.finish() == before.encode() + MARK + after.encode()
