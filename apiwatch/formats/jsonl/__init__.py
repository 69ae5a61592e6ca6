"""JSON lines: products with known keys, and any object with the usual ones."""

from apiwatch.formats.jsonl.matcher import FORMATS, JsonMatcher

__all__ = ["FORMATS", "JsonMatcher"]
