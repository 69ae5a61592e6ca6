"""`dashboard.keys` of the settings against the keys that the dashboard has."""

from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import ConfigError

if TYPE_CHECKING:
    from apiwatch.config import Settings

__all__ = ["key_problems", "require_keys"]


def key_problems(settings: "Settings", config: str | None) -> list[str]:
    """One sentence for each entry that names no key binding, or gives a key two meanings in one view."""
    if not settings.dashboard.keys:
        return []
    from apiwatch.config import place_of
    from apiwatch.tui.keys import problems_of
    from apiwatch.tui.remapping import known_views

    path = Path(config) if config is not None else None
    found = []
    for name, text in problems_of(settings.dashboard.keys, known_views()):
        where = place_of(path, "dashboard", "keys", name)
        end = "" if text.endswith("?") else "."
        found.append(f"{where}{': ' if where else ''}`dashboard.keys.{name}` {text}{end}")
    return found


def require_keys(settings: "Settings", config: str | None) -> "Settings":
    """The settings. Raises ConfigError for the first problem of their keys."""
    found = key_problems(settings, config)
    if found:
        raise ConfigError(found[0])
    return settings
