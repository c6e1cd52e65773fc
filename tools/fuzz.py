"""Coverage-guided fuzzing: each target for so many inputs or seconds, from a corpus that is kept and grows.

Usage: python tools/fuzz.py [--runs N] [--seconds S] [TARGET...]

The corpus and what broke a promise lie in ``build/fuzz/TARGET``; a later run goes on from there. Needs atheris
(``requirements/fuzz.txt``). Exit status 1 when a promise was broken, with the input that did it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
FOLDER = REPOSITORY / "build" / "fuzz"
NAMES = ("target", "ingress", "chunks", "answer-head", "fields", "form", "json", "decoders")
_ONE = """
import sys
import atheris
with atheris.instrument_imports(include=["agentsecrets"]):
    from tests.parts.fuzzed import TARGETS
atheris.Setup(sys.argv, TARGETS[{name!r}])
atheris.Fuzz()
"""
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_COVERED = re.compile(r"\bcov: (\d+) ft: (\d+)")


def fuzz(name: str, runs: int, seconds: int) -> tuple[int, str]:
    """Runs one target; answers how many inputs it took and what it found, empty for nothing."""
    corpus, found = FOLDER / name / "corpus", FOLDER / name / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    _sow(name, corpus)
    words = [
        f"-dict={_dictionary()}",
        f"-runs={runs}",
        f"-max_total_time={seconds}",
        "-max_len=2048",
        "-timeout=10",
        "-print_final_stats=1",
        "-rss_limit_mb=1024",
    ]
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", _ONE.format(name=name), str(corpus), *words, f"-artifact_prefix={found}/"],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    executed = _EXECUTED.findall(ended.stderr)
    covered = _COVERED.findall(ended.stderr)
    count = int(executed[-1]) if executed else 0
    shape = f"{covered[-1][0]} edges, {len(list(corpus.iterdir()))} in the corpus" if covered else ""
    said = "" if ended.returncode == 0 else f"BROKEN (status {ended.returncode}): {' '.join((ended.stdout + ended.stderr).split()[-60:])}"
    took = time.monotonic() - started
    print(f"{name:12} {count:10,} inputs {took:7.1f} s {count / took:9,.0f}/s  {shape:40} {said or '0 broken promises'}", flush=True)
    return count, said


def _dictionary() -> Path:
    """Words of the grammars, as libFuzzer reads them."""
    from tests.parts.fuzzed import TOKENS

    path = FOLDER / "words.dict"
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in token) + '"' for token in TOKENS]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def _sow(name: str, corpus: Path) -> None:
    from tests.parts.fuzzed import SEEDS

    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)


def main() -> int:
    """Runs the chosen targets one after the other."""
    parser = argparse.ArgumentParser(description="Fuzzes parsers by coverage.")
    parser.add_argument("--runs", type=int, default=200_000, help="inputs for each target")
    parser.add_argument("--seconds", type=int, default=60, help="most seconds for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    options = parser.parse_args()
    ended = [fuzz(name, options.runs, options.seconds) for name in NAMES if not options.targets or name in options.targets]
    print(f"{sum(count for count, _ in ended):,} inputs, {sum(1 for _, said in ended if said)} targets with broken promises")
    return 1 if any(said for _, said in ended) else 0


if __name__ == "__main__":
    sys.exit(main())
