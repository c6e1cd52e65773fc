"""Runs the rows of ``docs/security/results.md`` at full size, one after the other, and keeps what each printed.

Usage: python tools/full_size.py [ROW...]      all rows, or those named; ``--list`` names them

What a row printed lies in ``build/full-size/ROW.txt``, with its command, revision, date and machine. Exit status 1 when a row failed. The
small size of each row is part of the ordinary tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
FOLDER = REPOSITORY / "build" / "full-size"


@dataclass(frozen=True)
class Row:
    """One row: its name, its command, and what it finds in its environment."""

    name: str
    command: str
    sizes: tuple[tuple[str, int], ...] = ()


def _test(name: str, path: str, **sizes: int) -> Row:
    return Row(name, f"pytest -q --timeout 0 {path}", tuple((f"AGENTSECRETS_{key.upper()}", size) for key, size in sizes.items()))


ROWS = (
    _test("writers", "tests/journeys/test_at_once.py", sets=500),
    _test("rebinding", "tests/attacks/test_rebinding.py", flips=10_000),
    _test("urls", "tests/conformance", url_forms=300_000),
    _test("redirects", "tests/attacks/test_redirect.py"),
    _test("bindings", "tests/attacks/test_binding.py", bindings=200_000),
    _test("bindings-whole", "tests/attacks/test_binding_matrix.py", bindings=200_000),
    _test("browser", "tests/attacks/test_browser.py"),
    _test("tampering", "tests/unit/audit/test_verify.py", tamper_cases=10_000),
    _test("overload", "tests/attacks/test_overload.py", idle=10_000),
    _test("clients", "tests/clients/test_large_bodies.py", large_mib=1024),
    _test("faults", "tests/attacks/test_upstream_faults.py tests/attacks/test_bombs.py tests/attacks/test_slow_clients.py"),
    _test("faults-local", " ".join(f"tests/journeys/test_faults_{part}.py" for part in ("daemon", "disk", "input", "upstream"))),
    _test("same-user", "tests/attacks/test_same_user.py tests/attacks/test_hostile_environment.py tests/attacks/test_squatters.py"),
    Row("echoes", "-m bench.echoes"),
    Row("crashes", "-m bench.crashes"),
    Row("defences", "tools/defences.py"),
    Row("fuzz", "tools/fuzz.py --runs 10000000 --seconds 900"),
    _test("smuggling", "tests/attacks/test_smuggling.py", smuggles=1_000_000),
    Row("soak", "tools/soak.py --calls 1000000 --seconds 7200"),
)


def main() -> int:
    """Runs what is named."""
    named = sys.argv[1:]
    if named == ["--list"]:
        print("\n".join(row.name for row in ROWS))
        return 0
    unknown = set(named) - {row.name for row in ROWS}
    if unknown:
        print(f"no such row: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed = [row.name for row in ROWS if (not named or row.name in named) and not _run(row)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(row: Row) -> bool:
    from bench.machine import described

    FOLDER.mkdir(parents=True, exist_ok=True)
    shown = " ".join([*(f"{name}={size}" for name, size in row.sizes), "python", row.command.replace("pytest", "-m pytest", 1)])
    words = row.command.split()
    words = ["-m", *words] if words[0] == "pytest" else words
    started = time.monotonic()
    with (FOLDER / f"{row.name}.txt").open("w", encoding="utf-8") as kept:
        kept.write(f"{shown}\n{described()}, revision {_revision()}\n\n")
        kept.flush()
        environment = {**os.environ, **{name: str(size) for name, size in row.sizes}}
        running = [sys.executable, *words]
        status = subprocess.run(running, check=False, cwd=REPOSITORY, env=environment, stdout=kept, stderr=subprocess.STDOUT).returncode
        took = time.monotonic() - started
        kept.write(f"\nexit status {status} after {took:,.0f} s\n")
    print(f"{row.name:12} exit status {status} after {took:,.0f} s", flush=True)
    return status == 0


def _revision() -> str:
    return subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, text=True).strip()


if __name__ == "__main__":
    sys.exit(main())
