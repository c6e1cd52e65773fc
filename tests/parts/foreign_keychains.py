"""The keychains of macOS and Windows below the library ``keyring``: what its back ends ask of those systems, in a dictionary.

Adapter and library are the real ones; only the system's own calls are stood in for, because there is no such system here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from agentsecrets.ports import Keychain
from agentsecrets.storage.keychain import macos, windows

_GENERIC, _LOCAL_MACHINE = 1, 2
"""CRED_TYPE_GENERIC and CRED_PERSIST_LOCAL_MACHINE of wincred.h."""


@dataclass
class System:
    """What the system keeps: text by name of the item.

    Attributes:
        items: By name; tests may change them behind the adapter's back.
        denies: Whether every call is denied, as when its person does not open the keychain.
    """

    items: dict[str, str] = field(default_factory=dict)
    denies: bool = False


def mac(system: System, patch: pytest.MonkeyPatch) -> Keychain:
    """The adapter over Apple's Security framework, as ``keyring.backends.macOS.api`` calls it."""

    class Error(Exception):
        pass

    class NotFound(Error):
        pass

    class KeychainDenied(Error):
        pass

    def allowed(service: str) -> dict[str, str]:
        assert service == "agentsecrets"
        if system.denies:
            raise KeychainDenied("canary of the system's own words")
        return system.items

    def find(_keychain: object, service: str, name: str) -> str:
        try:
            return allowed(service)[name]
        except KeyError:
            raise NotFound from None

    def put(_keychain: object, service: str, name: str, text: str) -> None:
        allowed(service)[name] = text

    def delete(_keychain: object, service: str, name: str) -> None:
        find(None, service, name)
        del system.items[name]

    api = _module(
        "keyring.backends.macOS.api",
        Error=Error, NotFound=NotFound, KeychainDenied=KeychainDenied,
        find_generic_password=find, set_generic_password=put, delete_generic_password=delete,
    )  # fmt: skip
    patch.setitem(sys.modules, api.__name__, api)
    patch.delitem(sys.modules, "keyring.backends.macOS", raising=False)
    patch.setattr(macos, "sys", SimpleNamespace(platform="darwin"))
    return macos.BACK_END()


class _Failed(Exception):
    winerror, funcname = 5, "CredRead"


class _NotThere(_Failed):
    winerror = 1168


@dataclass
class _Credentials:
    """One credential a target, text in UTF-16: wincred.h as ``win32ctypes`` has it."""

    system: System
    targets: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N803  (the names of wincred.h)
        held = self._known(Type, TargetName)
        return {"UserName": held["UserName"], "CredentialBlob": self.system.items[held["UserName"]].encode("utf-16-le")}

    def write(self, credential: dict[str, Any], _flags: int) -> None:
        assert credential["Persist"] == _LOCAL_MACHINE
        self._check()
        self.targets[credential["TargetName"]] = credential
        self.system.items[credential["UserName"]] = credential["CredentialBlob"]

    def delete(self, Type: int, TargetName: str) -> None:  # noqa: N803  (the names of wincred.h)
        held = self._known(Type, TargetName)
        del self.targets[TargetName]
        if not any(other["UserName"] == held["UserName"] for other in self.targets.values()):
            del self.system.items[held["UserName"]]

    def _known(self, kind: int, target: str) -> dict[str, str]:
        self._check()
        assert kind == _GENERIC
        if target not in self.targets:
            raise _NotThere
        return self.targets[target]

    def _check(self) -> None:
        if self.system.denies:
            raise _Failed("canary of the system's own words")


def win(system: System, patch: pytest.MonkeyPatch) -> Keychain:
    """The adapter over the Credential Manager."""
    held = _Credentials(system)
    calls = _module(
        "win32ctypes.pywin32.win32cred",
        CRED_TYPE_GENERIC=_GENERIC, CRED_PERSIST_LOCAL_MACHINE=_LOCAL_MACHINE, CRED_PERSIST_ENTERPRISE=3,
        CredRead=held.read, CredWrite=held.write, CredDelete=held.delete,
    )  # fmt: skip
    errors = _module("win32ctypes.pywin32.pywintypes", error=_Failed)
    pywin32 = _module("win32ctypes.pywin32", pywintypes=errors, win32cred=calls)
    for module in (_module("win32ctypes", pywin32=pywin32), pywin32, errors, calls):
        patch.setitem(sys.modules, module.__name__, module)
    patch.delitem(sys.modules, "keyring.backends.Windows", raising=False)
    patch.setattr(windows, "sys", SimpleNamespace(platform="win32"))
    return windows.BACK_END()


def _module(name: str, **parts: object) -> ModuleType:
    made = ModuleType(name)
    made.__dict__.update(parts)
    return made
