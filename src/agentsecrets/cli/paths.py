"""Paths that people type, as other programs need them."""

from __future__ import annotations

import os


def absolute(path: str) -> str:
    """A typed path made absolute, links left alone; empty stays empty."""
    return os.path.abspath(path) if path else ""  # noqa: PTH100  (Path.absolute keeps the dots in it)
