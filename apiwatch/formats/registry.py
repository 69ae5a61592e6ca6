"""All format families, the stricter ones first; a new family is a module and one entry here."""

from apiwatch.formats import clf, columns, ltsv
from apiwatch.formats.keyed import jsonlines, logfmt
from apiwatch.formats.matcher import Family, FormatInfo
from apiwatch.formats.products import matcher as products

__all__ = ["FAMILIES", "FORMATS", "family_of"]

FAMILIES = (
    Family("json", jsonlines.JsonMatcher, jsonlines.FORMATS),
    Family("clf", clf.ClfMatcher, clf.FORMATS),
    Family("products", products.ProductsMatcher, products.FORMATS),
    Family("columns", columns.ColumnsMatcher, columns.FORMATS),
    Family("logfmt", logfmt.LogfmtMatcher, logfmt.FORMATS),
    Family("ltsv", ltsv.LtsvMatcher, ltsv.FORMATS),
)
"""In the order in which a line is tried; no line belongs to two families."""

FORMATS: tuple[FormatInfo, ...] = tuple(info for family in FAMILIES for info in family.formats)
"""Every format that `--format` can name."""


def family_of(name: str) -> Family | None:
    """The family of a format by any of its names, or of a family's own name."""
    for family in FAMILIES:
        if name == family.name or any(name == info.name or name in info.also for info in family.formats):
            return family
    return None
