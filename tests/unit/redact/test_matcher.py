from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentsecrets.redact import MARK, Matcher, redact, redact_whole
from agentsecrets.redact.spelling import spellings
from tests.parts.forms import FORMS, VALUES, mixed


class FirstOf:
    """Chance that always falls on one of some texts."""

    def __init__(self, *wanted: bytes) -> None:
        self._wanted = wanted

    def choice(self, offered: list[bytes]) -> bytes:
        return next(text for text in self._wanted if text in offered)


@pytest.mark.parametrize("shape", sorted(VALUES))
def test_every_form_of_every_shape_of_value_is_found(shape: str) -> None:
    value = VALUES[shape]
    matcher = Matcher([value])
    for name, form in FORMS.items():
        text = form(value)
        redacted, hits = redact_whole(matcher, b"<p>" + text + b"</p>")
        assert text not in redacted, name
        if hits == 1:
            assert redacted.replace(b"\0", b"") == b"<p>" + MARK + b"</p>", name
        else:
            assert hits > 1, name
            assert redacted.replace(b"\0", b"").startswith(b"<p>" + MARK), name


@pytest.mark.parametrize("shape", sorted(VALUES))
def test_characters_may_each_be_spelled_in_another_way(shape: str) -> None:
    matcher = Matcher([VALUES[shape]])
    for seed in range(20):
        assert redact_whole(matcher, b"<p>" + mixed(VALUES[shape], seed) + b"</p>") == (b"<p>" + MARK + b"</p>", 1)


@given(st.text(min_size=1, max_size=30), st.randoms(use_true_random=False), st.sampled_from((bytes, bytes.lower, bytes.upper)))
@example("pA", FirstOf(b"=70", b"a"), bytes.lower)
@example("Ap", FirstOf(b"a", b"=70"), bytes.lower)
def test_any_text_in_any_spelling_of_its_characters_is_found(value: str, lot: object, cased: Callable[[bytes], bytes]) -> None:
    choose = lot.choice  # type: ignore[attr-defined]
    written = b"".join(choose(sorted(_spelled(symbol, cased))) for symbol in value)
    assert redact(b"<p>" + written + b"</p>", [value.encode()]).count(MARK) >= 1


def _spelled(symbol: str, cased: Callable[[bytes], bytes]) -> set[bytes]:
    """Escaped in any way, or as it is in the one case of the whole text."""
    plain = symbol.encode("utf-8", "surrogatepass")
    return {text for text in spellings(symbol, "text") if text.lower() != plain.lower()} | {cased(plain)}


@given(st.binary(min_size=4, max_size=60), st.binary(max_size=40), st.binary(max_size=40))
def test_base64_of_anything_around_a_value_does_not_hold_the_value_afterwards(value: bytes, before: bytes, after: bytes) -> None:
    text = base64.b64encode(before + value + after)
    redacted, hits = redact_whole(Matcher([value]), text)
    assert hits >= 1
    kept = redacted.partition(MARK)[0]
    assert len(kept) * 6 // 8 <= len(before), "not one bit of the value is left before the mark"


@given(st.binary(min_size=1, max_size=3), st.binary(max_size=20))
def test_very_short_values_are_found_as_they_are_and_in_padded_base64(value: bytes, around: bytes) -> None:
    assert value.lower() not in redact(around + value + around, [value]).replace(MARK, b"").lower()
    assert redact(b"<" + base64.b64encode(value) + b">", [value]).count(MARK) >= 1


def test_a_value_of_64_kib_is_found_within_bounds() -> None:
    value = base64.b64encode(b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(1536)))
    started = time.process_time()
    matcher = Matcher([value])
    assert time.process_time() - started < 1
    assert matcher.longest < 2 * 1024 * 1024
    for name in ("plain", "hex", "percent-all", "json-php", "base64-2-1", "base64-wrapped-64-0-lf", "utf-16-le"):
        started = time.process_time()
        assert redact_whole(matcher, b"<" + FORMS[name](value) + b">")[1] == 1, name
        assert time.process_time() - started < 5, name


def test_the_number_of_anchors_does_not_grow_with_the_value() -> None:
    short, long = Matcher([VALUES["token"]]), Matcher([VALUES["token"] * 100])
    assert long.longest > 90 * short.longest
    assert long.anchors <= short.anchors + 10
    assert short.anchors <= 64


def test_several_values_are_found_side_by_side_and_within_each_other() -> None:
    assert redact(b"one-value, other-value", [b"one-value", b"other-value"]) == MARK + b", " + MARK
    assert redact(b"ada:password-of-ada", [b"ada:password-of-ada", b"password-of-ada"]) == MARK


def test_nothing_to_look_for_changes_nothing() -> None:
    assert redact(b"anything", []) == b"anything"
    assert redact(b"anything", [b""]) == b"anything"


def test_a_matcher_shows_nothing_of_its_values() -> None:
    assert repr(Matcher([b"hunter22"])) == "<Matcher>"
