"""Lines of other tools' own tests with the fields that those assert, and how a record is compared with them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from apiwatch.formats import LineParser
from apiwatch.formats.addresses import canonical
from apiwatch.formats.credentials import redact
from apiwatch.model import Request
from apiwatch.text import plain

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"

Record = dict[str, Any]


def records(name: str = "formats/open.jsonl") -> list[Record]:
    """All records of a corpus file."""
    with (CORPUS / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def mistakes(record: Record) -> list[str]:
    """Names of the asserted fields that differ; ['rejected'] or ['accepted'] when there should be a record or none."""
    parser = LineParser(log_format=record.get("log_format"), salt=b"corpus")
    header = [record["header"].encode()] if record.get("header") else []
    found = parser.parse([*header, record["raw"].encode()], 1, 1_795_489_854.0)[-1]
    if record.get("reject"):
        return ["accepted"] if isinstance(found, Request) else []
    if not isinstance(found, Request):
        return ["rejected"]
    transformed = record.get("transformed", {})
    return [
        field for field, wanted in record["expect"].items() if not _agrees(found, field, wanted, field in transformed)
    ]


def _agrees(found: Request, field: str, wanted: Any, transformed: bool) -> bool:
    got = getattr(found, field)
    if field == "time":
        return bool(abs(got - datetime.fromisoformat(wanted).timestamp()) < 1.0)
    if wanted is None:
        return got is None or got == "" or (field == "status" and got == 0)
    if field == "duration_s":
        return got is not None and bool(abs(got - wanted) <= max(1e-6, 1e-3 * wanted))
    if field == "client":
        return bool(got == (canonical(wanted) or wanted.lower()))
    if field == "host":
        return _site(got or "") == _site(wanted) or (got is None and wanted == "_")
    if isinstance(wanted, str):
        limit = 8_192 if field == "target" else 2_048
        return got == plain(redact(wanted), limit) or (transformed and got is not None)
    return bool(got == wanted)


def _site(text: str) -> str:
    name, separator, port = text.lower().rpartition(":")
    return name if separator and port.isdigit() else text.lower()
