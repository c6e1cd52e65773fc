"""A typed value reaches the daemon for what it was typed for, or not at all."""

from __future__ import annotations

import pytest

from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.deposits import open_deposit, seal_deposit
from agentsecrets.crypto.framing import frame
from agentsecrets.errors import FormatUnknown, RecordCorrupt

MEANT = ("STRIPE_KEY", "/srv/shop", "", "production")
KEY = SealingKey(bytes(range(32)))


def test_a_deposit_opens_for_what_it_was_meant():
    assert open_deposit(KEY, MEANT, seal_deposit(KEY.public, MEANT, b"value")) == b"value"
    odd = ("K", "/srv/\udcff", "", "")
    assert open_deposit(KEY, odd, seal_deposit(KEY.public, odd, b"")) == b""


@pytest.mark.parametrize(
    "other",
    [("EVIL_KEY", *MEANT[1:]), (*MEANT[:3], "development"), ("STRIPE_KEY", "/srv/other", "", "production"),
     (*MEANT[:2], "shop", "production"), ("STRIPE_KEY", "", "/srv/shop", "production"), ("", "STRIPE_KEY/srv/shop", "", "production")],
)  # fmt: skip
def test_whoever_carries_it_cannot_give_it_another_use(other: tuple[str, ...]):
    with pytest.raises(RecordCorrupt):
        open_deposit(KEY, other, seal_deposit(KEY.public, MEANT, b"value"))


@pytest.mark.parametrize(
    "plain", [b"", b"value", b"\x01", b"\x02" + frame(b"deposit", b"", b"", b"", b"", b""), b"\x01" + frame(b"grant", *[b""] * 5)]
)
def test_a_box_that_is_no_deposit_is_refused(plain: bytes):
    with pytest.raises((RecordCorrupt, FormatUnknown)):
        open_deposit(KEY, ("", "", "", ""), seal_to(KEY.public, plain))


def test_nobody_else_opens_it():
    with pytest.raises(RecordCorrupt):
        open_deposit(SealingKey.generate(), MEANT, seal_deposit(KEY.public, MEANT, b"value"))
