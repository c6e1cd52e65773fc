"""Lines from a pipe, however it is cut, and within bounds."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.mcp.lines import Writer, lines


def _read(content: bytes, pieces: int, longest: int = 64) -> list[bytes | None]:
    reading, writing = os.pipe()

    def write() -> None:
        step = max(1, len(content) // pieces)
        for start in range(0, len(content), step):
            os.write(writing, content[start : start + step])
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    found = list(lines(reading, longest))
    writer.join()
    os.close(reading)
    return found


@given(texts=st.lists(st.binary(max_size=80).filter(lambda text: b"\n" not in text), max_size=8), pieces=st.integers(1, 40))
def test_lines_are_whole_wherever_the_pipe_is_cut(texts: list[bytes], pieces: int):
    expected = [None if len(text) > 64 else text for text in texts if len(text) > 64 or text.strip()]
    assert _read(b"".join(text + b"\n" for text in texts), pieces) == expected


def test_the_last_line_needs_no_end():
    assert _read(b"one\ntwo", 1) == [b"one", b"two"]
    assert _read(b"one\n" + b"x" * 1000, 3) == [b"one", None]


def test_a_line_that_is_too_long_is_skipped_and_the_next_one_read():
    assert _read(b"x" * 100_000 + b"\nnext\n", 7) == [None, b"next"]


@pytest.mark.parametrize("blocking", [True, False])
def test_lines_written_from_many_threads_stay_whole(*, blocking: bool):
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    writer = Writer(writing)
    written = [bytes([65 + number]) * 20_000 + b"\n" for number in range(20)]
    threads = [threading.Thread(target=writer.write, args=(line,)) for line in written]
    for thread in threads:
        thread.start()
    found = []
    for line in lines(reading, 1 << 20):
        assert line is not None
        found.append(line + b"\n")
        if len(found) == len(written):
            os.close(writing)
    for thread in threads:
        thread.join()
    os.close(reading)
    assert sorted(found) == sorted(written)


def test_an_input_that_does_not_wait_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def write() -> None:
        os.write(writing, b"late\n")
        os.close(writing)

    timer = threading.Timer(0.05, write)
    timer.start()
    assert list(lines(reading)) == [b"late"]
    timer.join()
    os.close(reading)
