"""What is wrong with a value is said by kind; a value that a provider issued, or that was drawn at random, has nothing wrong with it."""

from __future__ import annotations

import secrets
import string

import pytest

from agentsecrets.daemon.weakness import ENOUGH_BITS, unknown_bits, weaknesses
from agentsecrets.redact import EVERY_FORM_FROM, MARK, redact
from tests.unit.proxy.test_catalogue import ISSUED


def _kinds(value: str | bytes, key: str = "SOME_KEY") -> set[str]:
    return {weakness.kind for weakness in weaknesses(key, value if isinstance(value, bytes) else value.encode())}


@pytest.mark.parametrize("value", [value for _, value in ISSUED], ids=[f"{name}-{at}" for at, (name, _) in enumerate(ISSUED)])
def test_nothing_is_wrong_with_what_providers_issue(value: str):
    assert not _kinds(value) - {"scheme"}


@pytest.mark.parametrize("length", [32, 40, 64, 1000])
@pytest.mark.parametrize("alphabet", ["0123456789abcdef", string.ascii_letters + string.digits, string.printable[:94]])
def test_nothing_is_wrong_with_what_was_drawn_at_random(alphabet: str, length: int):
    for _ in range(200):
        drawn = "a" + "".join(secrets.choice(alphabet) for _ in range(length)) + "b"
        assert not _kinds(drawn), drawn


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE_ME", "change-me", "xxx", "xxxxxxxx", "your-api-key-here", "YOUR_API_KEY", "<your key>", "<token>", "${STRIPE_KEY}",
     "{{ secret }}", "sk-xxxxxxxxxxxxxxxxxxxxxxxx", "sk_test_xxxxxxxxxxxx", "TODO", "tbd", "password", "secret", "test", "example", "null",
     "None", "***", "****************", "...", "insert-token-here", "my-secret", "api_key", "sk-1234567890abcdef", "dummy", "REPLACE_ME",
     "ghp_000000000000000000000000000000000000", "[redacted]", '"changeme"', "placeholder"],
)  # fmt: skip
def test_a_placeholder_is_known(value: str):
    assert "placeholder" in _kinds(value)


@pytest.mark.parametrize("value", ["s", "ab", "abc", "\xe9"])
def test_a_value_is_short_below_what_redaction_looks_for_in_every_form(value: str):
    assert "short" in _kinds(value)
    assert len(value.encode()) < EVERY_FORM_FROM


def test_the_bound_is_the_one_of_redaction():
    """A value of that many bytes is found within a longer base64 text, a shorter one is not."""
    import base64

    found = {}
    for length in range(2, 8):
        value = b"\xa7q\x94Z\xd3~\x81"[:length]
        hidden = base64.b64encode(b"user-name-and-more:" + value + b":rest of the text")
        found[length] = MARK in redact(hidden, [value])
    assert [length for length, is_found in found.items() if is_found] == list(range(EVERY_FORM_FROM, 8))


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "1234567",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabcabc",
        "abcdefghijklmnop",
        "9876543210",
        "sk_live_abc",
        "1111-2222",
        "ghp_aa",
    ],
)
def test_a_value_of_few_unknown_bits_can_be_guessed(value: str):
    assert "guessable" in _kinds(value)
    assert unknown_bits(value) < ENOUGH_BITS


def test_a_public_prefix_is_not_unknown():
    rest = "q7Zd9Kf2"
    for prefix in ("sk_live_", "ghp_", "sk-ant-api03-", "__token__:pypi-AgEIcHlwaS5vcmc"):
        assert unknown_bits(prefix + rest) == unknown_bits(rest)


@pytest.mark.parametrize("key", ["STRIPE_KEY", "stripe_key", "Stripe_Key"])
def test_a_value_that_is_its_own_name_is_known(key: str):
    assert "key_name" in _kinds("STRIPE_KEY", key)
    assert "key_name" in _kinds(" 'STRIPE_KEY' ", key)


GOOD = "q7Zd9Kf2Xw4Lm8Rt1Bv6"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (f'"{GOOD}"', "quotes"),
        (f"'{GOOD}'", "quotes"),
        (f" '{GOOD}'\n", "quotes"),
        (f"\u201c{GOOD}\u201d", "quotes"),
        (f" {GOOD}", "white_space"),
        (f"{GOOD}\t", "white_space"),
        (f"{GOOD} \n", "white_space"),
        (f"{GOOD}\n", "line_break"),
        (f"\r\n{GOOD}", "line_break"),
        (f"Bearer {GOOD}", "scheme"),
        (f"basic {GOOD}", "scheme"),
    ],
)
def test_what_stands_around_a_value_is_known(value: str, kind: str):
    assert kind in _kinds(value)
    assert not _kinds(GOOD)


def test_a_key_in_several_lines_is_no_weakness():
    assert not _kinds(
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----"
    )


@pytest.mark.parametrize("value", [b"\xff", b"\xff\xfe" * 40, b" ", b"\n", b'"', b"''", b"\x01" * 65_536, b"a" * 65_536, b"x " * 30_000])
def test_no_value_is_too_odd_to_look_at(value: bytes):
    assert all(weakness.kind and weakness.message for weakness in weaknesses("SOME_KEY", value))


def test_no_message_holds_any_of_the_value():
    value = "Bearer  'zq'\n"
    told = " ".join(message for _, message in weaknesses("K", value.encode()))
    assert "zq" not in told
