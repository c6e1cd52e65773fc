"""Imports run downward only. The table is the rule: change it, and you have changed the architecture."""

from __future__ import annotations

import pytest

from tests.architecture.source import Module, modules, reachable

GROUND = ("errors", "model", "crypto", "ledger", "wire")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # ground: values, bytes, words
    "errors": (),
    "model": ("errors",),
    "wire": ("errors", "model"),
    "crypto": ("errors", "model"),
    "ledger": ("errors", "model", "crypto"),
    "redact": (),
    # every seam on one page; the types of the ground stand in its signatures
    "ports": GROUND,
    # world: disk and sockets, no decisions
    "storage": (*GROUND, "ports"),
    "network": (*GROUND, "ports"),
    # verbs: what can be done, no I/O of their own; each of them alone
    "proxy": (*GROUND, "ports", "redact"),
    "vault": (*GROUND, "ports"),
    "team": (*GROUND, "ports"),
    "audit": (*GROUND, "ports"),
    # puts everything together
    "daemon": (*GROUND, "ports", "storage", "network", "proxy", "redact", "vault", "team", "audit"),
    # the one client of the control plane
    "client": ("errors", "model", "wire"),
    # faces
    "cli": ("client", "errors", "model", "wire", "demo", "mcp", "service"),
    "mcp": ("client", "errors", "model", "wire"),
    "demo": ("client", "errors", "model", "wire", "crypto.localca"),
    "service": ("client", "errors", "model", "wire"),
}
"""Floor → what its modules may import besides itself. A dotted name allows that one module."""

ALSO: dict[str, tuple[str, ...]] = {
    "daemon.deeds": ("client",),
    "daemon.handover": ("client",),
    "daemon.moving": ("client",),
}
"""Module or package → what it alone may import besides. Presence, hand-over and moving program ask the running daemon, as its clients."""

FACES = ("cli", "client", "demo", "mcp", "service")
WHAT_OPENS = ("crypto.value", "crypto.keys", "crypto.records", "crypto.passwords", "vault", "storage", "daemon")


def _allowed(module: Module, imported: str) -> bool:
    if imported == "" or imported.split(".", maxsplit=1)[0] == module.floor:
        return True
    also = [name for place, names in ALSO.items() if _within(module.name, place) for name in names]
    return any(_within(imported, name) for name in (*MAY_IMPORT[module.floor], *also))


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("module", [module for name, module in modules().items() if name], ids=lambda module: module.path)
def test_a_module_imports_only_from_the_floors_below_it(module: Module):
    assert module.floor in MAY_IMPORT, f"{module.path} is on no floor: give it a row in the table"
    upward = sorted(name for name in module.own_imports if not _allowed(module, name))
    assert not upward, f"{module.path} may not import {', '.join(upward)}"


def test_every_row_of_the_table_is_a_floor_that_exists_or_is_being_built():
    floors = {module.floor for name, module in modules().items() if name}
    assert floors <= MAY_IMPORT.keys()


def test_the_table_has_no_circle():
    below: dict[str, set[str]] = {floor: {name.split(".")[0] for name in row} for floor, row in MAY_IMPORT.items()}
    while below:
        lowest = {floor for floor, row in below.items() if not row & below.keys()}
        assert lowest, f"these floors import each other in a circle: {sorted(below)}"
        below = {floor: row for floor, row in below.items() if floor not in lowest}


@pytest.mark.parametrize("name", [name for name, module in modules().items() if module.floor in FACES])
def test_nothing_that_opens_a_value_is_reachable_from_a_face(name: str):
    found = reachable(name)
    opened = {reached: via for reached, via in found.items() if reached == "crypto.value" or reached.startswith(WHAT_OPENS)}
    assert not opened, f"{name} reaches {opened}"


@pytest.mark.parametrize("module", [module for name, module in modules().items() if name], ids=lambda module: module.path)
def test_a_private_name_is_not_imported_from_another_module(module: Module):
    private = sorted(name for name in module.imports if name.startswith("agentsecrets.") and _private(name))
    assert not private, f"{module.path} imports {', '.join(private)}"


def _private(name: str) -> bool:
    last = name.rsplit(".", 1)[-1]
    return last.startswith("_") and not last.startswith("__")
