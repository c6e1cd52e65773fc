"""Each third-party library has one door, so that it can be replaced or examined in one place."""

from __future__ import annotations

import sys

import pytest

from tests.architecture.source import Module, modules

DOORS: dict[str, tuple[str, ...]] = {
    "ahocorasick_rs": ("redact",),
    "backports": ("proxy.codings",),
    "brotli": ("proxy.codings",),
    "click": ("cli",),
    "compression": ("proxy.codings",),
    "cryptography": ("crypto",),
    "httptools": ("network.http1",),
    "idna": ("model.target",),
    "msgspec": ("audit", "client", "crypto", "daemon", "ledger", "model", "network", "ports", "proxy", "storage", "team", "vault", "wire"),
    "nacl": ("crypto",),
    "publicsuffixlist": ("model.suffixes",),
    "ruamel": ("mcp.formats.yaml",),
    "sqlite3": ("storage",),
    "tomlkit": ("mcp.formats.toml",),
    "uvloop": ("daemon",),
    "jeepney": ("storage.keychain.secret_service",),
    "keyring": ("storage.keychain",),
    "secretstorage": ("storage.keychain.secret_service",),
    "mnemonic": ("crypto.recovery",),
    "zxcvbn": ("crypto.passwords",),
    # of the standard library: what opens sockets, starts programs, or calls into C
    "ssl": ("network", "demo"),
    "subprocess": ("client", "mcp.install", "demo", "daemon.handover.child", "service.system"),
    "ctypes": ("daemon", "network.peer"),
}
"""Library → the packages or modules that may import it. A library without a row may not be imported at all."""

NEVER = ("pickle", "marshal", "shelve", "requests", "httpx", "urllib3", "logging", "random")
"""``logging`` takes any text, and a text could hold a value; ``random`` is not for secrets."""


def _libraries(module: Module) -> set[str]:
    return {name.split(".")[0] for name in module.imports} - {"agentsecrets"}


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_library_enters_by_its_door(library: str):
    doors = DOORS[library]
    users = [name for name, module in modules().items() if library in _libraries(module)]
    elsewhere = [name for name in users if not any(name == door or name.startswith(door + ".") for door in doors)]
    assert not elsewhere, f"{library} may be imported by {doors} only"


def test_no_library_comes_in_without_a_row():
    foreign = {
        name: _libraries(module) - set(sys.stdlib_module_names) - DOORS.keys() - {"__future__"} for name, module in modules().items()
    }
    assert not {name: libraries for name, libraries in foreign.items() if libraries}


def test_what_is_never_imported():
    found = {name: used for name, module in modules().items() if (used := _libraries(module) & set(NEVER))}
    assert not found
