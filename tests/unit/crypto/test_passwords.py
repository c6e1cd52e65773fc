"""A password is stretched at full cost or not at all."""

from __future__ import annotations

import msgspec
import pytest

from agentsecrets.crypto.passwords import CEILING, FLOOR, KdfParams, is_strong, new_params, stretch
from agentsecrets.errors import FormatUnknown

SALT = b"0123456789abcdef"
BELOW = [{name: low - 1} for name, low in zip(("time_cost", "memory_kib", "lanes"), FLOOR, strict=True)]
ABOVE = [{name: high + 1} for name, high in zip(("time_cost", "memory_kib", "lanes"), CEILING, strict=True)]
ABSURD: list[dict[str, int]] = [{"time_cost": 0}, {"memory_kib": -1}, {"lanes": 2**40}, {"memory_kib": 2**64}]


@pytest.mark.parametrize("changes", [*BELOW, *ABOVE, *ABSURD], ids=str)
def test_weaker_parameters_are_refused_and_so_are_those_that_never_end(changes: dict[str, int]):
    with pytest.raises(FormatUnknown):
        stretch(b"password", KdfParams(salt=SALT, **changes))


@pytest.mark.parametrize("salt", [b"", b"short", SALT[:-1], SALT + b"x"])
def test_a_salt_of_another_length_is_refused(salt: bytes):
    with pytest.raises(FormatUnknown):
        stretch(b"password", KdfParams(salt=salt))


def test_new_parameters_are_at_the_floor_with_a_salt_of_their_own():
    one, other = new_params(), new_params()
    assert (one.time_cost, one.memory_kib, one.lanes) == FLOOR == (3, 65_536, 4)
    assert one.salt != other.salt


def test_password_salt_and_cost_all_count():
    keys = {
        stretch(password, params).wrap_key
        for password, params in (
            (b"a", KdfParams(SALT)),
            (b"b", KdfParams(SALT)),
            (b"a", KdfParams(SALT[::-1])),
            (b"a", KdfParams(SALT, 4)),
        )
    }
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)


def test_the_root_shows_nothing_and_keeps_its_bytes_to_itself():
    root = stretch(b"a", KdfParams(SALT))
    assert repr(root) == "<Root>"
    assert not hasattr(root, "__dict__")


def test_parameters_are_part_of_what_is_authenticated():
    encoded = {KdfParams(SALT, 3, 65_536, 4).encoded(), KdfParams(SALT, 4, 65_536, 4).encoded(), KdfParams(SALT, 3, 65_537, 4).encoded()}
    assert len(encoded) == 3


def test_parameters_with_a_member_that_is_not_known_are_not_read():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"salt":"MDEyMzQ1Njc4OWFiY2RlZg==","algorithm":"md5"}', type=KdfParams)


@pytest.mark.parametrize("password", ["", "a", "password1", "letmein!", "ada@example.com", "Ada1990", "2026-11-25", "abcabcabcabc"])
def test_what_could_be_guessed_is_not_strong(password: str):
    assert not is_strong(password, ("ada@example.com", "ada", "example.com"))


@pytest.mark.parametrize(
    "password", ["violet-harbour-quartz-meadow", "kX9#mQ2$vL7!pR", "ein Pferd frisst gern Batterien", "x" * 10 + "Tq7!rW" * 2000]
)
def test_what_could_not_be_guessed_is_strong_whatever_its_length(password: str):
    assert is_strong(password)


def test_an_attacker_s_knowledge_counts():
    assert is_strong("corinthian-marzipan") or is_strong("corinthian-marzipan-42")
    assert not is_strong("corinthian-marzipan", ("corinthian-marzipan",))
