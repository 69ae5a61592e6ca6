"""The common log format and what is built on it."""

from apiwatch.formats.clf.matcher import FORMATS, ClfMatcher

__all__ = ["FORMATS", "ClfMatcher"]
