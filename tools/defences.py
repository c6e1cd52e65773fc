"""Takes each defence out in turn, in a copy of the source, and demands that the tests named beside it turn red.

Usage: python tools/defences.py [WORD...]    only defences whose name holds one of the words

A test that stays green without the defence that it is there for proves nothing. A defence whose text is no longer found is an error:
whoever moved it moves its line in ``tools/defences.toml`` too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("defences.toml")
SECONDS = 180
WORKERS = 2
_FAILED = 1
_BROKEN = re.compile(r"^E +(?:SyntaxError|NameError|ImportError|ModuleNotFoundError|AttributeError)\b", re.MULTILINE)
"""The copy itself does not run: that proves nothing."""


@dataclass(frozen=True)
class Defence:
    """One line of code that keeps something out.

    Attributes:
        name: What it keeps out.
        file: Below ``src/agentsecrets``.
        old: Its text, which stands there exactly once.
        new: What stands there without it.
        tests: What must turn red, as words for pytest.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_table() -> list[Defence]:
    """All defences in their order."""
    lines = tomllib.loads(TABLE.read_text(encoding="utf-8"))["defence"]
    return [Defence(line["name"], line["file"], line["old"], line["new"], tuple(line["tests"].split())) for line in lines]


def misplaced(defence: Defence) -> str:
    """Why a defence cannot be taken out; empty when it can."""
    path = REPOSITORY / "src" / "agentsecrets" / defence.file
    if not path.is_file():
        return f"src/agentsecrets/{defence.file} does not exist"
    count = path.read_text(encoding="utf-8").count(defence.old)
    return "" if count == 1 else f"its text stands {count} times in {defence.file}"


def without(defence: Defence) -> tuple[bool, str]:
    """Runs the tests of a defence without it; says whether they turned red as they should, and how they ended."""
    problem = misplaced(defence)
    if problem:
        return False, problem
    with tempfile.TemporaryDirectory(prefix="agentsecrets-defences-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(REPOSITORY / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        path = source / "agentsecrets" / defence.file
        path.write_text(path.read_text(encoding="utf-8").replace(defence.old, defence.new), encoding="utf-8")
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--timeout=30", *defence.tests]
        environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1", "CI": ""}
        try:
            ended = subprocess.run(words, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return True, "hangs"
    if ended.returncode == _FAILED and not _BROKEN.search(ended.stdout):
        failed = re.search(r"^FAILED \S+?::(\S+)", ended.stdout, re.MULTILINE)
        return True, failed[1][:70] if failed else "red"
    if ended.returncode == 0:
        return False, "STAYED GREEN"
    return False, f"pytest ended with {ended.returncode}: {' '.join(ended.stdout.split()[-25:])}"


def _timed(defence: Defence) -> tuple[bool, str, float]:
    started = time.monotonic()
    red, how = without(defence)
    return red, how, time.monotonic() - started


def main(words: list[str]) -> int:
    """Prints one line for each defence; 0 when every one is missed by its tests."""
    chosen = [defence for defence in read_table() if not words or any(word in defence.name for word in words)]
    seen = 0
    with ThreadPoolExecutor(WORKERS) as runs:
        for defence, (red, how, took) in zip(chosen, runs.map(_timed, chosen), strict=True):
            seen += red
            print(f"{'red' if red else 'NOT SEEN':9}{took:6.1f} s  {defence.name:58} {how}", flush=True)
    print(f"{seen} of {len(chosen)} defences are missed when they are taken out")
    return 0 if chosen and seen == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
