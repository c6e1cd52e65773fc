"""What is written down fits every machine, and what a claim points at exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source import REPOSITORY

_MACHINE = re.compile(r"(?<![\w.$~])/(?:work|root|home/[a-z]|Users/[a-z]|opt/wheels)[/\w.-]*")
_PROOF = re.compile(r"`(tests/[\w/.-]+?\.py)(?:::(\w+))?`")
_LINK = re.compile(r"\]\(([^)#:]+?)(?:#[\w-]+)?\)")


FOLDERS = (".ci", "bench", "docs", "requirements", "src", "tests", "tools")


def _written() -> list[Path]:
    """Every file of the repository that a person wrote. In a linked worktree ``.git`` is a file, and git's own."""
    inside = [path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*") if "__pycache__" not in path.parts]
    return sorted(path for path in (*REPOSITORY.iterdir(), *inside) if path.is_file() and path.name != ".git")


def _readable(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_text_names_a_path_of_one_machine():
    found = {
        f"{path.relative_to(REPOSITORY)}: {match[0]}"
        for path in _written()
        if path.suffix in {".md", ".py", ".toml", ".yml", ".txt", ".sh", ""} and path != Path(__file__)
        for match in _MACHINE.finditer(_readable(path))
    }
    assert not found


def _documents() -> list[Path]:
    return [path for path in _written() if path.suffix == ".md"]


def test_every_test_that_a_document_points_at_exists():
    missing = []
    for document in _documents():
        for name, function in _PROOF.findall(_readable(document)):
            path = REPOSITORY / name
            if not path.is_file() or (function and f"def {function}(" not in path.read_text(encoding="utf-8")):
                missing.append(f"{document.relative_to(REPOSITORY)}: {name}{'::' + function if function else ''}")
    assert not missing


def test_every_link_between_documents_leads_somewhere():
    broken = [
        f"{document.relative_to(REPOSITORY)}: {link}"
        for document in _documents()
        for link in _LINK.findall(_readable(document))
        if not (document.parent / link).exists()
    ]
    assert not broken
