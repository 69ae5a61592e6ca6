"""The family of formats in columns at work on one source."""

import re
from collections.abc import Iterator

from apiwatch.formats.build import Builder
from apiwatch.formats.columns.headless import guess
from apiwatch.formats.columns.layout import Layout, kind_of
from apiwatch.formats.matcher import FormatInfo, Matcher, Skipped
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["FORMATS", "ColumnsMatcher"]

_MOST_COLUMNS = 256
_LONGEST_HEADER = 8_192
_HEADER = late(r"#(fields):?[ \t]+(.*)", re.IGNORECASE | re.DOTALL)
_DATE = late(r"#(?:Start-)?Date:\s*(\d{4}-\d\d-\d\d)", re.ASCII)
_PATH = late(r"#path\s+(\S+)")
_CELL = late(r'"((?:[^"]|"")*+)"(?= |\Z)|([^ ]+)')
_START = late(r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d(?:\.\d{1,9})?[ \t]", re.ASCII)

FORMATS = (
    FormatInfo(
        "iis_w3c",
        "IIS and others in W3C extended format, columns by #Fields or by count",
        "2026-11-24 03:10:54 192.0.2.10 GET /orders/7 x=1 443 CORP\\alice 203.0.113.7 curl/8.5+(x) - 200 0 0 15",
    ),
    FormatInfo(
        "iis_httperr",
        "IIS HTTPERR: requests that never reached a site",
        "2026-11-24 03:10:54 203.0.113.7 12345 192.0.2.10 443 HTTP/1.1 GET /orders/7 403 - Forbidden -",
    ),
    FormatInfo(
        "aws_cloudfront",
        "Amazon CloudFront standard log",
        "2026-11-24\t03:10:54\tCDG50-P2\t703\t203.0.113.7\tGET\td111111abcdef8.cloudfront.net\t/orders/7\t200\t-\tcurl/8.5"
        "\tx=1\t-\tMiss\t375WZmnR4hhhnlZKNn0D\tapi.example.com\thttps\t62\t0.113\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss"
        "\tHTTP/2.0\t-\t-\t51754\t0.113\tMiss\tapplication/json\t20\t-\t-",
    ),
    FormatInfo(
        "w3c",
        "any other W3C extended log, columns by #Fields",
        "#Fields: date time c-dns cs-method cs-uri sc-status sc-bytes time-taken cs(User-Agent)\n"
        '2026-11-24 03:10:54 203.0.113.7 GET /orders/7?x=1 200 612 0.012 "curl/8.5 (x)"',
    ),
    FormatInfo(
        "zeek_http",
        "Zeek's http.log, tab-separated",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\tuser_agent\tresponse_body_len"
        "\tstatus_code\n1795489854.722000\tCtxTCR2Yer0FR1tIBg\t203.0.113.7\t41696\t192.0.2.10\t443\tGET\tapi.example.com"
        "\t/orders/7\tcurl/8.5\t612\t200",
    ),
)


class ColumnsMatcher(Matcher):
    """The header that was seen last says what the columns are; without one, their number and types do."""

    family = "columns"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._header: Layout | None = None
        self._guess: Layout | None = None
        self._other = False
        """Whether the header in force is of another kind of log."""
        self._date = ""
        self._name = "iis_w3c"

    @property
    def name(self) -> str:
        """As in Matcher."""
        return self._name

    def header(self, text: str) -> None:
        """As in Matcher: `#Fields`, `#Date`, `#path`."""
        date = _DATE.match(text)
        if date is not None:
            self._date = date[1]
        path = _PATH.match(text)
        if path is not None:
            self._other = path[1] != "http"
        found = _HEADER.match(text) if len(text) <= _LONGEST_HEADER else None
        if found is not None:
            self._use(found[2].lower().split())

    def _use(self, names: list[str]) -> None:
        kind = kind_of(names)
        self._other = kind is None
        self._header = Layout(kind, names, self._date) if kind is not None and len(names) <= _MOST_COLUMNS else None

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        if self._other and _is_columns(text):
            return Skipped
        if self._header is None and _START.match(text) is None:
            return None
        if self._header is not None:
            # A client may write tabs and quotes into a log that knows none: the number of columns tells what they are.
            for cells in _ways(text, quoting=True):
                record = self._header.read(cells, self.builder, line)
                if record is not None:
                    self._name = self._header.kind
                    return record
        for cells in _ways(text, quoting=False):
            if self._guess is None or not self._guess.fits(cells):
                self._guess = guess(cells)
            if self._guess is not None:
                self._name = self._guess.kind
                return self._guess.read(cells, self.builder, line)
        return None

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        start = _START.match(text)
        return (start.end(), "iis_w3c") if start is not None else (0, "")

    def save(self) -> list[int | str]:
        """As in Matcher."""
        names = "\t".join(self._header.names) if self._header is not None else ""
        return [self._name, self._date, names, int(self._other)]

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        match saved:
            case [str(name), str(date), str(names), int(other)]:
                self._name, self._date = name, date
                if names:
                    self._use(names.split("\t"))
                self._other = bool(other)


def _is_columns(text: str) -> bool:
    return "\t" in text or _START.match(text) is not None


def _ways(text: str, *, quoting: bool) -> Iterator[list[str]]:
    """The values of a line in each way in which they may be separated: by tabs, by blanks, those in quotes (which may
    hold blanks) being one, and by blanks alone.

    Other white space is a part of values: IIS decodes the paths that it writes.
    """
    if "\t" in text:
        yield text.split("\t")
    if quoting and '"' in text:
        yield [found[1].replace('""', '"') if found[1] is not None else found[2] for found in _CELL.finditer(text)]
    cells = text.split(" ")
    yield [cell for cell in cells if cell] if "" in cells else cells
