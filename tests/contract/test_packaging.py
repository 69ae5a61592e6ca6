import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.contract.modules import MODULES, ROOT

needs_hatchling = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling, which builds the wheel, is not installed"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (found,) = directory.glob("*.whl")
    return found


@needs_hatchling
def test_the_wheel_holds_all_modules_and_all_files_that_they_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = {file for file in (ROOT / "apiwatch").rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    expected = {file.relative_to(ROOT).as_posix() for file in files}
    expected |= {
        f"apiwatch/data/{file.relative_to(ROOT / 'config').as_posix()}"
        for file in (ROOT / "config").rglob("*")
        if file.is_file()
    }
    assert expected - names == set()
    assert {"apiwatch/py.typed", "apiwatch/data/apiwatch.yaml", "apiwatch/data/apiwatch.service"} <= names
    assert len([name for name in names if name.endswith(".py")]) == len(MODULES) + 1
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "screenshots/"))]


@needs_hatchling
def test_the_annotated_settings_are_found_in_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import apiwatch, apiwatch.config\n"
        f"assert apiwatch.__file__.startswith({str(tmp_path)!r}), apiwatch.__file__\n"
        "print(apiwatch.config.default_text(), end='')"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == (ROOT / "config" / "apiwatch.yaml").read_text(encoding="utf-8")
