"""The certification authorities by which hosts are known."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.cli.checks.check import FAIL, OK, Check, Finding, Scene


def _look(scene: Scene) -> Iterator[Finding]:
    count = scene.examined.get("authorities")
    if count:
        yield Finding(OK, f"{count} certification authorities of the system")
    elif count == 0:
        words = "the system names no certification authority that can be read, so no https host is known"
        yield Finding(FAIL, words, "install your system's package ca-certificates")


CHECK = Check("trust store", _look)
