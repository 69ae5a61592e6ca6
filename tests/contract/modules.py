"""The modules of the package, found by their files so that nothing is imported."""

from pathlib import Path

import apiwatch

__all__ = ["MODULES", "PACKAGES", "ROOT", "below", "file_of"]

_PACKAGE = Path(apiwatch.__file__).parent

ROOT = _PACKAGE.parent
"""The checkout."""


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = sorted(_name(file) for file in _PACKAGE.rglob("*.py") if file.name != "__main__.py")
"""Every module but `apiwatch.__main__`, which runs the program."""

PACKAGES = sorted(_name(file) for file in _PACKAGE.rglob("__init__.py"))


def below(package: str) -> list[str]:
    """A module and everything below it."""
    return [name for name in MODULES if name == package or name.startswith(f"{package}.")]


def file_of(name: str) -> Path:
    """The file of a module."""
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
