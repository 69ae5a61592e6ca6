import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract.modules import ROOT

CANDIDATES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but `dev` and pyproject.toml, in a path with a blank."""
    directory = tmp_path / "a checkout"
    directory.mkdir()
    for name in ("dev", "pyproject.toml"):
        shutil.copy(ROOT / name, directory)
    return directory


def stub(directory: Path, name: str, body: str) -> None:
    directory.mkdir(exist_ok=True)
    file = directory / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def dev(
    checkout: Path, *arguments: str, stubs: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`dev`, called from another directory with an empty home."""
    path = os.environ["PATH"] if stubs is None else f"{stubs}:/usr/bin:/bin"
    home = checkout.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [str(checkout / "dev"), *arguments],
        cwd=home,
        env={"PATH": path, "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_a_command_it_says_how_it_is_used(checkout: Path) -> None:
    run = dev(checkout)
    assert (run.returncode, run.stderr) == (0, "")
    for line in ("./dev demo", "./dev run", "./dev test"):
        assert line in run.stdout
    assert not (checkout / ".venv").exists()


def test_an_unknown_command_is_refused(checkout: Path) -> None:
    run = dev(checkout, "tset")
    assert run.returncode == 2
    assert run.stderr.endswith("dev: there is no command 'tset'.\n")


def test_a_missing_python_is_named_with_the_command_that_installs_it(checkout: Path, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    for name in CANDIDATES:
        stub(stubs, name, '[ "$1" = --version ] && echo Python 3.9.2 && exit 0; exit 1')
    stub(stubs, "apt-get", "exit 1")
    stub(stubs, "id", "echo 0")
    run = dev(checkout, "run", stubs=stubs)
    assert run.returncode == 1
    assert run.stderr == (
        "dev: apiwatch needs Python 3.11 or newer, here is Python 3.9.2;"
        " install it with: apt-get install python3 python3-venv\n"
    )


def test_a_missing_venv_module_is_named_with_the_command_that_installs_it(checkout: Path, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    stub(stubs, "python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.11;; esac; exit 0')
    stub(stubs, "apt-get", "exit 1")
    stub(stubs, "id", "echo 1000")
    run = dev(checkout, "test", stubs=stubs)
    assert run.returncode == 1
    assert run.stderr == (
        "dev: python3 cannot make virtual environments;"
        " install what is missing with: sudo apt-get install python3-venv\n"
    )


def test_a_chosen_python_that_is_too_old_is_refused(checkout: Path) -> None:
    run = dev(checkout, "demo", PYTHON="/bin/false")
    assert run.returncode == 1
    assert run.stderr == "dev: PYTHON=/bin/false is not a Python 3.11 or newer; name another one or unset PYTHON.\n"


@pytest.fixture
def fake(checkout: Path, tmp_path: Path) -> Path:
    """A Python whose venv is a directory of scripts that write down how they are called."""
    stubs = tmp_path / "stubs"
    log = tmp_path / "calls"
    body = f"""
if [ "$2" = venv ]; then
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && touch "$4/pyvenv.cfg"
    printf '#!/bin/sh\\necho apiwatch "$@" >>"{log}"\\necho ran "$@"; pwd\\n' >"$4/bin/apiwatch"
    chmod +x "$4/bin/apiwatch"
elif [ "$2" = pip ] && [ "$3" = install ]; then
    echo install "$@" >>"{log}"
elif [ "$2" = pytest ]; then
    echo "== 5 passed in 0.1s =="
    exit "${{FAKE_PYTEST:-0}}"
fi
exit 0"""
    stub(stubs, "python3", body)
    for name in ("ruff", "mypy", "lint-imports"):
        stub(stubs, name, f'echo "{name} complains"; echo {name} >>"{log}"; [ "${{FAKE_FAILS:-}}" != {name} ]')
    return stubs


def calls(tmp_path: Path) -> list[str]:
    log = tmp_path / "calls"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_it_installs_once_and_again_when_the_project_file_changes(checkout: Path, fake: Path, tmp_path: Path) -> None:
    run = dev(checkout, "run", "a b", "--json", stubs=fake)
    assert (run.returncode, run.stdout) == (0, f"ran a b --json\n{tmp_path / 'home'}\n")
    assert "installing apiwatch and its libraries" in run.stderr
    first = calls(tmp_path)
    assert first[0].endswith(f"--editable {checkout}")
    assert first[1:] == ["apiwatch a b --json"]

    run = dev(checkout, "demo", "incident", stubs=fake)
    assert (run.returncode, run.stderr) == (0, "")
    assert calls(tmp_path) == ["apiwatch demo incident"]

    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert dev(checkout, "run", stubs=fake).returncode == 0
    assert len(calls(tmp_path)) == 2

    moved = checkout.rename(checkout.with_name("moved"))
    assert dev(moved, "run", stubs=fake).returncode == 0
    assert calls(tmp_path)[0].endswith(f"--editable {moved}")


def test_tests_run_after_all_linters_and_end_with_their_summary(checkout: Path, fake: Path, tmp_path: Path) -> None:
    run = dev(checkout, "test", stubs=fake)
    assert run.returncode == 0
    assert run.stdout == "== 5 passed in 0.1s ==\n"
    found = calls(tmp_path)
    assert found[0].endswith(f"--editable {checkout}[test]")
    assert found[1:] == ["ruff", "ruff", "mypy", "lint-imports"]
    assert dev(checkout, "run", stubs=fake).stderr == ""


@pytest.mark.parametrize("linter", ["ruff", "mypy", "lint-imports"])
def test_a_failing_linter_is_named_and_the_tests_run_all_the_same(checkout: Path, fake: Path, linter: str) -> None:
    run = dev(checkout, "test", stubs=fake, FAKE_FAILS=linter)
    assert run.returncode == 1
    assert run.stdout == "== 5 passed in 0.1s ==\n"
    assert f"dev: FAILED: {linter}" in run.stderr
    assert f"{linter} complains" in run.stderr


def test_the_exit_code_is_that_of_the_tests(checkout: Path, fake: Path) -> None:
    assert dev(checkout, "test", stubs=fake, FAKE_PYTEST="1").returncode == 1
    assert dev(checkout, "test", stubs=fake, FAKE_PYTEST="5", FAKE_FAILS="mypy").returncode == 5
    assert dev(checkout, "test", "tests/config", stubs=fake, FAKE_PYTEST="4").returncode == 4


def test_scripts_are_executable_and_their_syntax_is_right() -> None:
    for shell, name in (("sh", "dev"), ("bash", ".ci/run")):
        file = ROOT / name
        assert os.access(file, os.X_OK), name
        run = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr) == (0, ""), name
