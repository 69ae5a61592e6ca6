"""Validated settings: where they come from, what they may be, and how they are written."""

from apiwatch.config.loader import data_text, default_text, dump, load, place_of, problems, settings_file, state_path
from apiwatch.config.settings import Settings, Sources
from apiwatch.config.values import (
    format_duration,
    parse_duration,
    parse_header,
    parse_network,
    parse_path,
    parse_since,
    parse_syslog,
    parse_target,
    parse_unit,
    parse_zone,
)

__all__ = [
    "Settings",
    "Sources",
    "data_text",
    "default_text",
    "dump",
    "format_duration",
    "load",
    "parse_duration",
    "parse_header",
    "parse_network",
    "parse_path",
    "parse_since",
    "parse_syslog",
    "parse_target",
    "parse_unit",
    "parse_zone",
    "place_of",
    "problems",
    "settings_file",
    "state_path",
]
