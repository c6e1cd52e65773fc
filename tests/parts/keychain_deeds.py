"""What is asked of every keychain, whatever is behind it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from agentsecrets.crypto.levels import written_item
from agentsecrets.ports import Keychain

KEY = secrets.token_bytes(32)


def every_deed(keychain: Keychain) -> list[Callable[[], object]]:
    """All that it can be asked for."""
    return [keychain.check, lambda: keychain.read("one"), lambda: keychain.write("one", KEY), lambda: keychain.delete("one")]


def check_items(keychain: Keychain, held: Callable[[], dict[str, bytes]]) -> None:
    """An item gives back what was written and no other does, is replaced, and goes; ``held`` says what really lies there."""
    assert keychain.read("one") is None
    keychain.write("one", KEY)
    keychain.write("two", KEY[::-1])
    assert (keychain.read("one"), keychain.read("two"), keychain.read("on")) == (KEY, KEY[::-1], None)
    assert held() == {"one": written_item(KEY).encode(), "two": written_item(KEY[::-1]).encode()}
    keychain.write("one", KEY[::-1])
    assert keychain.read("one") == KEY[::-1]
    for name in ("one", "two"):
        keychain.delete(name)
        assert keychain.read(name) is None
        keychain.delete(name)  # what is gone may be removed again
    assert held() == {}
