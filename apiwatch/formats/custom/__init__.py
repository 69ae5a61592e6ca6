"""Log formats in the words of nginx and Apache."""

from apiwatch.formats.custom.matcher import CustomFormat, CustomMatcher

__all__ = ["CustomFormat", "CustomMatcher"]
