"""What every ``ports.Keychain`` does: the Secret Service in this process, and in a program of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring import get_keyring

from agentsecrets.crypto.levels import written_item
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.errors import FormatUnknown, KeychainLocked, KeychainMissing
from agentsecrets.ports import Keychain
from agentsecrets.storage.keychain import BACK_ENDS, keychain_of
from agentsecrets.storage.keychain.secret_service import SecretService
from tests.architecture.source import modules
from tests.parts.desktop import Desktop, desktop
from tests.parts.keychain_deeds import KEY, check_items, every_deed
from tests.parts.ordinary_user import ordinary_user

KEYCHAINS: dict[str, Callable[[], Keychain]] = {"secret service": SecretService, "in a program of its own": BoundedKeychain}


@pytest.fixture(params=KEYCHAINS)
def keychain(request: pytest.FixtureRequest, session: Desktop, monkeypatch: pytest.MonkeyPatch) -> Keychain:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.address)
    return KEYCHAINS[request.param]()


def test_an_item_gives_back_what_was_written_and_no_other_does(keychain: Keychain, session: Desktop):
    check_items(keychain, session.items)


def test_it_says_its_name_when_it_could_be_used_and_makes_nothing(keychain: Keychain, session: Desktop):
    assert keychain.check() == "Secret Service"
    assert session.items() == {}


def test_an_item_of_another_shape_is_refused_and_not_repeated(keychain: Keychain, session: Desktop):
    keychain.write("one", KEY)
    with session.collection() as collection:
        [item] = collection.search_items({"service": "agentsecrets"})
        item.set_secret(b"canary-of-an-item-71c2")
    with pytest.raises(FormatUnknown) as refused:
        keychain.read("one")
    assert "canary" not in refused.value.message + refused.value.hint + repr(refused.value.__cause__)
    keychain.delete("one")


def test_a_locked_one_refuses_everything_and_opens_no_window(keychain: Keychain, session: Desktop):
    session.lock()
    try:
        for deed in every_deed(keychain):
            with pytest.raises(KeychainLocked):
                deed()
        assert session.is_locked() is True
    finally:
        session.log_out()
        session.log_in()


@pytest.mark.parametrize(
    "address",
    ["disabled:", "", "unix:path=/nowhere/bus", "tcp:host=127.0.0.1,port=1", "unixexec:path=/bin/sh", "unix:path=/dev/null;tcp:host=::1"],
)
def test_a_bus_that_is_not_there_or_no_socket_of_this_machine_is_no_keychain(
    keychain: Keychain, address: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address or "disabled:")
    with pytest.raises(KeychainMissing):
        keychain.check()


def test_a_bus_on_which_nothing_keeps_secrets_is_no_keychain(keychain: Keychain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Desktop(tmp_path) as empty:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", empty.address)
        with pytest.raises(KeychainMissing):
            keychain.check()


@pytest.mark.other_uid
def test_a_bus_of_another_user_is_no_keychain(keychain: Keychain, monkeypatch: pytest.MonkeyPatch):
    with ordinary_user(known=True) as other, desktop(other.folder / "session", other.uid) as theirs:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", theirs.address)
        with pytest.raises(KeychainMissing) as refused:
            keychain.write("one", KEY)
        assert "belongs to another user" in refused.value.message
        assert theirs.items() == {}


def test_the_library_is_in_no_process_but_the_one_that_speaks_with_the_keychain():
    """What a daemon and a presence program load, and a command."""
    program = """
import sys, agentsecrets.cli.full, agentsecrets.daemon.main, agentsecrets.daemon.presence, agentsecrets.daemon.deeds
import agentsecrets.daemon.keychain.starting, agentsecrets.daemon.keychain.program
agentsecrets.daemon.main.load()
print([name for name in sys.modules if name.split(".")[0] in ("keyring", "secretstorage", "jeepney", "jaraco")])
"""
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert loaded.stdout.strip() == "[]"


def test_no_setting_of_the_library_chooses_another_back_end(
    keychain: Keychain, session: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = tmp_path / "python_keyring" / "keyringrc.cfg"
    settings.parent.mkdir()
    settings.write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/org/freedesktop/secrets/collection/session")
    assert type(get_keyring()).__module__ == "keyring.backends.null", "the library is not led astray: the attack does not work"
    keychain.write("one", KEY)
    assert session.items() == {"one": written_item(KEY).encode()}
    keychain.delete("one")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
    with pytest.raises(KeychainMissing):
        keychain.write("one", KEY)


def test_only_three_back_ends_are_ever_loaded_and_the_library_s_own_choice_is_never_asked():
    loaded = {name for module in modules().values() for name in module.imports if name.split(".")[0] == "keyring"}
    assert {name for name in loaded if ".backends." in name} == {
        f"keyring.backends.{name}.{kind}"
        for name, kind in (("SecretService", "Keyring"), ("macOS", "Keyring"), ("Windows", "WinVaultKeyring"))
    }
    assert {name.rsplit(".", 1)[0] for name in loaded if ".backends." not in name} == {"keyring.backend", "keyring.errors"}


@pytest.mark.parametrize("system", ["freebsd14", "cygwin", "emscripten", ""])
def test_a_system_whose_keychain_nobody_knows_has_none(system: str):
    with pytest.raises(KeychainMissing):
        keychain_of(system)


@pytest.mark.parametrize("back_end", [back_end for back_end in BACK_ENDS if back_end is not SecretService])
def test_the_keychain_of_another_system_refuses_here_whatever_it_is_asked(back_end: type[Keychain]):
    for deed in every_deed(back_end()):
        with pytest.raises(KeychainMissing):
            deed()
