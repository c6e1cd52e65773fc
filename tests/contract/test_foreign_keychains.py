"""What every ``ports.Keychain`` does, by the adapters for macOS and Windows over the real library and a system that is stood in for."""

from __future__ import annotations

import pytest

from agentsecrets.errors import FormatUnknown, KeychainLocked, KeychainRefused
from agentsecrets.ports import Keychain
from tests.parts.foreign_keychains import System, mac, win
from tests.parts.keychain_deeds import KEY, check_items, every_deed

KEYCHAINS = {"macOS Keychain": mac, "Windows Credential Manager": win}


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture(params=KEYCHAINS)
def keychain(request: pytest.FixtureRequest, system: System, monkeypatch: pytest.MonkeyPatch) -> Keychain:
    return KEYCHAINS[request.param](system, monkeypatch)


def test_an_item_gives_back_what_was_written_and_no_other_does(keychain: Keychain, system: System):
    check_items(keychain, lambda: {name: text.encode() for name, text in system.items.items()})


def test_it_says_its_name_when_it_could_be_used_and_makes_nothing(keychain: Keychain, system: System, request: pytest.FixtureRequest):
    assert keychain.check() == request.node.callspec.params["keychain"]
    assert system.items == {}


def test_an_item_of_another_shape_is_refused_and_not_repeated(keychain: Keychain, system: System):
    keychain.write("one", KEY)
    system.items["one"] = "canary-of-an-item-71c2"
    with pytest.raises(FormatUnknown) as refused:
        keychain.read("one")
    assert "canary" not in refused.value.message + refused.value.hint + repr(refused.value.__cause__)


def test_one_that_denies_refuses_everything_in_our_words(keychain: Keychain, system: System):
    system.denies = True
    for deed in every_deed(keychain):
        with pytest.raises((KeychainLocked, KeychainRefused)) as refused:
            deed()
        assert "canary" not in refused.value.message + refused.value.hint
    assert system.items == {}
