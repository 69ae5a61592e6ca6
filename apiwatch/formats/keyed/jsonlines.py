"""JSON lines: products with known keys (`products`, `profiles`), and any object with the usual keys (`plan`)."""

import json
import re
from typing import Any

import msgspec

from apiwatch.formats.build import Builder
from apiwatch.formats.keyed.plan import PlanCache, record_of
from apiwatch.formats.keyed.products import PRODUCTS, Product
from apiwatch.formats.keyed.profiles import PROFILES
from apiwatch.formats.keyed.units import DurationUnit
from apiwatch.formats.matcher import FormatInfo, Matcher, Skipped
from apiwatch.model import Request

__all__ = ["FORMATS", "JsonMatcher"]

_HEX_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_DECODER = msgspec.json.Decoder()

FORMATS = (
    *(FormatInfo(product.name, product.title, product.example) for product in PRODUCTS),
    *{profile.name: FormatInfo(profile.name, profile.title, profile.example) for profile in PROFILES}.values(),
    FormatInfo(
        "json",
        "JSON lines with the usual field names: nginx log_format escape=json, ECS, application logs",
        '{"time":"2026-11-24T03:10:54+00:00","remote_addr":"203.0.113.7","request":"GET /api/orders/7 HTTP/1.1",'
        '"status":200,"body_bytes_sent":612,"http_user_agent":"curl/8.5","request_time":0.012}',
    ),
)


class JsonMatcher(Matcher):
    """All JSON formats."""

    family = "json"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._name = "json"
        self._plans = PlanCache(builder.client_header)
        self._unit = DurationUnit()

    @property
    def name(self) -> str:
        """As in Matcher."""
        return self._name

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        if text[:1] != "{":
            return None
        for product in PRODUCTS:
            if product.marker in text:
                record = _as_product(product, text, self.builder, line, received)
                if record is not None:
                    self._name = product.name
                    return record
        value = _decode(text)
        if value is None:
            return None
        return self._generic(value, line, received)

    def _generic(self, value: dict[str, Any], line: int, received: float) -> Request | type[Skipped] | None:
        plan = self._plans.of(value)
        if plan is not None:
            record = record_of(plan, value, self.builder, self._unit, line, received)
            if isinstance(record, Request):
                self._name = plan.profile.name if plan.profile is not None else "json"
            return record
        return None

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        if text[:1] != "{":
            return 0, ""
        try:
            _DECODER.decode(text)
        except msgspec.DecodeError as error:
            found = re.search(r"\(byte (\d+)\)", str(error))
            return (int(found[1]) if found else 1), "json"
        except (UnicodeEncodeError, RecursionError):
            return 1, "json"
        return len(text), "json"

    def save(self) -> list[int | str]:
        """As in Matcher."""
        return [self._name, *self._unit.save()]

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        if saved and isinstance(saved[0], str):
            self._name = saved[0]
            self._unit.load(saved[1:])


def _as_product(product: Product, text: str, builder: Builder, line: int, received: float) -> Request | None:
    try:
        fields = product.decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        value = _decode(text, repair_only=True)
        if value is None:
            return None
        try:
            fields = msgspec.convert(value, product.decoder.type)
        except (msgspec.MsgspecError, UnicodeError):
            return None
    return product.read(fields, builder, line, received)


def _decode(text: str, *, repair_only: bool = False) -> dict[str, Any] | None:
    r"""The object of a line; None when it is none. Bytes that are no UTF-8 and `\xHH` escapes are accepted."""
    value: object = None
    try:
        if not repair_only or text.isascii():
            value = _DECODER.decode(text)
        else:
            raise UnicodeError
    except (msgspec.DecodeError, UnicodeError):
        try:
            value = json.loads(_HEX_ESCAPE.sub(_unescaped, text), strict=False)
        except (ValueError, RecursionError):
            return None
    except RecursionError:
        return None
    return value if isinstance(value, dict) else None


def _unescaped(found: re.Match[str]) -> str:
    return f"\\u00{found[1]}"
