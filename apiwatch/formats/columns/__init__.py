"""Lines of columns whose names stand in a header: W3C extended logs and Zeek's tab-separated ones."""

from apiwatch.formats.columns.matcher import FORMATS, ColumnsMatcher

__all__ = ["FORMATS", "ColumnsMatcher"]
