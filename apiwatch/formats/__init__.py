"""Log lines in, Requests out: the formats that are known, how they are told apart, and how they are read."""

from apiwatch.formats.configured import line_parser, line_times
from apiwatch.formats.matcher import FormatInfo, Unparsed
from apiwatch.formats.moments import time_of
from apiwatch.formats.parser import LineParser
from apiwatch.formats.registry import FORMATS

__all__ = ["FORMATS", "FormatInfo", "LineParser", "Unparsed", "line_parser", "line_times", "time_of"]
