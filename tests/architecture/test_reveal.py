"""The wall around values: who may look inside one."""

from __future__ import annotations

import ast

from tests.architecture.source import Module, modules

MAY_REVEAL = {
    "crypto.value": "defines it",
    "crypto.records": "seals a value into a record",
    "daemon.control.handover": "seals values to the key of a hand-over that a person or a remembered word allows",
    "daemon.control.secrets": "seals a value to the key in a person's signed request",
    "proxy.inject": "writes it into an outgoing request",
}
"""Module → why it may call ``Value.reveal()``."""

INSIDE = "__raw"


def _mentions(module: Module) -> list[int]:
    """Lines that name ``reveal`` as an attribute, or as a text that ``getattr`` could use."""
    lines = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute | ast.Call):
            continue
        attribute = isinstance(node, ast.Attribute) and node.attr == "reveal" and not _is_of_a_module(node)
        by_name = isinstance(node, ast.Call) and any(
            isinstance(argument, ast.Constant) and argument.value == "reveal"
            for argument in node.args
            if isinstance(node.func, ast.Name) and node.func.id in {"getattr", "methodcaller", "attrgetter"}
        )
        if attribute or by_name:
            lines.append(node.lineno)
    return lines


def _is_of_a_module(node: ast.Attribute) -> bool:
    """``reveal.something`` names a module; ``something.reveal`` is the wall. A module called reveal is imported by name."""
    return isinstance(node.value, ast.Name) and node.value.id in {"commands", "presence", "routes"}


def test_only_the_files_of_the_table_call_reveal():
    found = {name: lines for name, module in modules().items() if (lines := _mentions(module)) and name not in MAY_REVEAL}
    assert not found, f"these look inside a value: {found}"


def test_nobody_reaches_around_the_wall():
    around = [name for name, module in modules().items() if name != "crypto.value" and ("_Value" + INSIDE in module.text)]
    assert not around


def test_only_the_daemon_s_floors_know_the_type_at_all():
    faces = [
        name for name, module in modules().items() if module.floor in {"cli", "client", "demo", "wire", "model", "errors", "ledger", "mcp"}
    ]
    knowing = [name for name in faces if "crypto.value" in modules()[name].own_imports]
    assert not knowing
