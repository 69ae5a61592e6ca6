"""Where settings come from: a file or the defaults, checked as a whole; and where the state file lies."""

import os
from pathlib import Path

from apiwatch.config.settings import Settings
from apiwatch.config.values import parse_path
from apiwatch.errors import ApiwatchError, ConfigError, UsageError

__all__ = [
    "SYSTEM_FILE",
    "data_text",
    "default_text",
    "dump",
    "load",
    "place_of",
    "problems",
    "settings_file",
    "state_path",
]

SYSTEM_FILE = Path("/etc/apiwatch/apiwatch.yaml")
"""Settings of the machine, read when the user has none."""

_NAME = "apiwatch.yaml"


def load(path: Path | None) -> Settings:
    """The settings of a file, or of the first default location that exists, or the defaults.

    Raises ConfigError with one sentence that names file, line, key and what is right; a file that is missing is an
    error only when it was asked for.
    """
    settings, found = _read(path)
    if found:
        more = f" (the first of {len(found)} problems in this file)" if len(found) > 1 else ""
        raise ConfigError(f"{found[0]}{more}")
    return settings


def problems(path: Path | None) -> list[str]:
    """Every problem of the file that `load` would read, one sentence each, in the order of its lines.

    A file that cannot be read at all, or whose YAML is broken, is one problem.
    """
    try:
        return _read(path)[1]
    except ConfigError as error:
        return [str(error)]


def settings_file(path: Path | None) -> Path | None:
    """The file that `load` reads: `path`, else the first default location that exists, else None (the defaults)."""
    if path is not None:
        return path.expanduser() if str(path).startswith("~") else path
    candidates = (_user_directory("XDG_CONFIG_HOME", ".config"), SYSTEM_FILE.parent)
    return next((each / _NAME for each in candidates if each is not None and os.path.lexists(each / _NAME)), None)


def place_of(path: Path | None, *keys: str) -> str:
    """Where the file that `load` reads holds a setting: `FILE, line N`; '' when it does not."""
    from apiwatch.config.document import Mapping, Node, document, read_text, shown

    file = settings_file(path)
    if file is None:
        return ""
    node: Node = document(read_text(file), shown(file))
    line = 0
    for key in keys:
        entries = node.entries if isinstance(node, Mapping) else ()
        line, node = next(((line, value) for name, line, value in entries if name == key), (0, node))
    return f"{shown(file)}, line {line}" if line else ""


def dump(settings: Settings) -> str:
    """YAML of all settings, defaults included; `load` turns it back into equal settings."""
    from apiwatch.config.dump import text_of

    return text_of(settings)


def default_text() -> str:
    """The annotated settings file with every default: from the installed package, or from the checkout.

    Raises ApiwatchError when the installation has lost it.
    """
    return data_text(_NAME)


def data_text(name: str) -> str:
    """A file of `config/`: from the installed package, or from the checkout.

    Raises ApiwatchError when the installation has lost it.
    """
    from importlib import resources

    packaged = resources.files("apiwatch").joinpath("data", name)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).parents[2] / "config" / name
    if checkout.is_file():
        return checkout.read_text(encoding="utf-8")
    raise ApiwatchError(f"{checkout} is missing; install apiwatch again.")


def state_path(settings: Settings, option: str | None) -> Path:
    """The state file: the typed `--db`, else `db` of the settings, else `$XDG_STATE_HOME/apiwatch/apiwatch.db`.

    Nothing is created. Raises UsageError for an impossible name, or when there is no home directory to put it into.
    """
    named = option if option is not None else settings.db
    if named is not None:
        try:
            parse_path(named)
            return Path(named).expanduser()
        except (UsageError, RuntimeError) as error:
            what = "--db" if option is not None else "`db` of the settings"
            raise UsageError(f"{what}: {error}.") from None
    directory = _user_directory("XDG_STATE_HOME", ".local/state")
    if directory is None:
        raise UsageError("There is no home directory for the state file; name one with --db FILE.")
    return directory / "apiwatch.db"


def _read(path: Path | None) -> tuple[Settings, list[str]]:
    file = settings_file(path)
    if file is None:
        return Settings(), []
    if path is None:
        try:
            file.lstat()
        except FileNotFoundError:
            return Settings(), []
        except OSError:
            pass  # what is wrong with it is told by reading it
    # YAML is a tenth of the time in which a dashboard starts, and most users have no settings file.
    from apiwatch.config.checks import checked
    from apiwatch.config.document import document, read_text, shown

    name = shown(file)
    settings, found = checked(document(read_text(file), name))
    return settings, [_sentence(name, problem.line, problem.text) for problem in found]


def _sentence(name: str, line: int, text: str) -> str:
    return f"{name}, line {line}: {text}{'' if text.endswith('?') else '.'}"


def _user_directory(variable: str, below_home: str) -> Path | None:
    """apiwatch's directory under an XDG base directory; a relative base is ignored, as its specification demands."""
    base = os.environ.get(variable, "")
    if not Path(base).is_absolute():
        if os.environ.get("HOME") == "":
            return None
        try:
            base = str(Path.home() / below_home)
        except RuntimeError:
            return None
    return Path(base) / "apiwatch"
