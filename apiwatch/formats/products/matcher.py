"""Text formats of single products at work on one source: which of them a line is of."""

from apiwatch.formats.build import Builder
from apiwatch.formats.matcher import SHOWN, FormatInfo, Matcher, Skipped
from apiwatch.formats.products import amazon, applications, proxies, services, strings
from apiwatch.formats.products.product import Reader
from apiwatch.model import Request

__all__ = ["FORMATS", "ProductsMatcher"]

_PRODUCTS = (
    *proxies.PRODUCTS,
    *amazon.PRODUCTS,
    *applications.PRODUCTS,
    *services.PRODUCTS,
    *strings.PRODUCTS,
)

FORMATS = tuple(FormatInfo(product.name, product.title, product.example) for product in _PRODUCTS)

_LEAST = 20
"""Characters that must have been understood before a line is called by a name: a first word alone says nothing."""


class ProductsMatcher(Matcher):
    """All of them; a line is tried as what the last one was, then as the others. No line is of two of them."""

    family = "products"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._readers: list[Reader | None] = [None] * len(_PRODUCTS)
        self._last = 0

    @property
    def name(self) -> str:
        """As in Matcher."""
        return _PRODUCTS[self._last].name

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        skipped: type[Skipped] | None = None
        for index in (self._last, *range(len(_PRODUCTS))):
            if _PRODUCTS[index].start.match(text) is not None:
                record = self._reader(index).read(text, line, received)
                if isinstance(record, Request):
                    self._last = index
                    return record
                skipped = skipped or record
        return skipped

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        text = text[:SHOWN]
        best = max(
            (
                (self._reader(index).progress(text), product.name)
                for index, product in enumerate(_PRODUCTS)
                if product.start.match(text) is not None
            ),
            default=(0, ""),
        )
        return best if best[0] >= _LEAST else (0, "")

    def _reader(self, index: int) -> Reader:
        """Compiled when a line asks for it: most sources never do."""
        found = self._readers[index]
        if found is None:
            found = self._readers[index] = _PRODUCTS[index].make(self.builder)
        return found

    def save(self) -> list[int | str]:
        """As in Matcher."""
        return [self.name]

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        names = [product.name for product in _PRODUCTS]
        if len(saved) == 1 and saved[0] in names:
            self._last = names.index(str(saved[0]))
