"""All format families, the stricter ones first; a new family is a module and one entry here."""

from apiwatch.formats import clf, columns, jsonl, ltsv
from apiwatch.formats.matcher import Family, FormatInfo
from apiwatch.formats.products import matcher as products

__all__ = ["FAMILIES", "FORMATS", "family_of"]

FAMILIES = (
    Family("json", jsonl.JsonMatcher, jsonl.FORMATS),
    Family("clf", clf.ClfMatcher, clf.FORMATS),
    Family("products", products.ProductsMatcher, products.FORMATS),
    Family("columns", columns.ColumnsMatcher, columns.FORMATS),
    Family("ltsv", ltsv.LtsvMatcher, ltsv.FORMATS),
)
"""In the order in which a line is tried; no line belongs to two families."""

FORMATS: tuple[FormatInfo, ...] = tuple(info for family in FAMILIES for info in family.formats)
"""Every format that `--format` can name."""


def family_of(name: str) -> Family | None:
    """The family of a format, or of a family's own name."""
    for family in FAMILIES:
        if name == family.name or any(info.name == name for info in family.formats):
            return family
    return None
