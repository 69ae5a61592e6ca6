"""Settings as YAML: the effective values, in the order and the units of the annotated file."""

from typing import Any

import msgspec
import yaml

from apiwatch.config.checks import leaves
from apiwatch.config.document import resolve
from apiwatch.config.settings import Seconds, Settings
from apiwatch.config.values import format_duration

__all__ = ["text_of"]


def text_of(settings: Settings) -> str:
    """YAML of all settings, durations as `15m` or `7d`; loading it gives equal settings.

    Characters beyond ASCII are escaped, so that a text from the file reaches a terminal as it is.
    """
    document: dict[str, Any] = msgspec.to_builtins(settings)
    for (*sections, name), info in leaves():
        if info.type == Seconds:
            section = document
            for part in sections:
                section = section[part]
            if section[name].is_integer():
                section[name] = format_duration(section[name])
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110)


class _Dumper(yaml.SafeDumper):
    """Puts every text in quotes that `resolve` would take for something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(resolve(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
