"""The wheel in an environment that has never seen the source tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, capture_output=True, check=True, timeout=100)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; the libraries that it needs are lent from this environment, without our own package."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=True, timeout=100)
    pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, capture_output=True, check=True, timeout=100)
    site = next((folder / "lib").glob("python3*")) / "site-packages"
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        outside = [name for name in packed.namelist() if not name.startswith(("agentsecrets/", "agentsecrets_cli-"))]
        licences = [name for name in packed.namelist() if name.endswith("LICENSE")]
    assert outside == []
    assert licences


def test_the_command_says_its_version_and_runs_the_main_job(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin" / "agentsecrets"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    where = [str(installed / "bin" / "python"), "-c", "import agentsecrets; print(agentsecrets.__file__)"]
    assert str(installed) in subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    told = subprocess.run([command, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("agentsecrets ")
    shown = subprocess.run([command, "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "found in none" in shown.stdout
