"""A sealed box is for one key, and not for a key that everybody has."""

from __future__ import annotations

import pytest

from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.errors import FormatUnknown, RecordCorrupt

ORDER_8 = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
"""A point of small order: every shared secret with it is zero (RFC 7748 §6.1)."""


def test_only_its_own_key_opens_a_box():
    key = SealingKey.generate()
    box = seal_to(key.public, b"value")
    assert key.open(box) == b"value"
    with pytest.raises(RecordCorrupt):
        SealingKey.generate().open(box)


def test_two_boxes_of_the_same_are_not_alike():
    key = SealingKey.generate()
    assert len({seal_to(key.public, b"value") for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "public", [b"", bytes(31), bytes(33), bytes(32), b"\x01" + bytes(31), ORDER_8], ids=lambda public: public.hex()[:8]
)
def test_nothing_is_sealed_to_what_is_no_key_or_everybody_s(public: bytes):
    with pytest.raises(FormatUnknown):
        seal_to(public, b"value")


@pytest.mark.parametrize("box", [b"", b"x", bytes(48), ORDER_8 + bytes(40)], ids=len)
def test_what_is_no_box_does_not_open(box: bytes):
    with pytest.raises(RecordCorrupt):
        SealingKey.generate().open(box)


def test_a_key_shows_nothing():
    key = SealingKey.generate()
    assert repr(key) == "<SealingKey>"
    assert not hasattr(key, "__dict__")
