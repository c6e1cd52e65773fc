"""The words of a recovery key."""

from __future__ import annotations

import pytest

from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.errors import WrongRecoveryKey

ZEROS = "abandon " * 11 + "about"
"""BIP-39's own vector for sixteen zero bytes."""


def test_the_words_are_those_of_the_standard():
    assert RecoveryKey(bytes(16)).words == ZEROS
    assert RecoveryKey(b"\x7f" * 16).words == "legal winner thank year wave sausage worth useful legal winner thank yellow"


def test_words_are_read_whatever_their_case_and_the_space_between_them():
    key = RecoveryKey.generate()
    assert len(key.words.split()) == 12
    assert RecoveryKey.read(f"  {key.words.upper().replace(' ', '  ')}\n").wrap_key == key.wrap_key


@pytest.mark.parametrize(
    "text", ["", "abandon", ZEROS + " about", ZEROS.replace("about", "abandon"), ZEROS.replace("about", "abqut"), "\0" * 12]
)
def test_what_is_no_recovery_key_is_refused_and_not_repeated(text: str):
    with pytest.raises(WrongRecoveryKey) as refused:
        RecoveryKey.read(text)
    assert text.strip() == "" or text not in refused.value.message


def test_a_recovery_key_shows_nothing_of_itself():
    assert repr(RecoveryKey(bytes(16))) == "<RecoveryKey>"
