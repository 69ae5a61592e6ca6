"""Reasons as comments. A reason can quote a path or a user name, so an attacker writes it."""

import re
from datetime import UTC, datetime

from apiwatch.blocklist.planning import Plan, Row

__all__ = ["above", "comment", "heading", "notes", "utc"]

_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:/@=+,-]+", re.ASCII)
"""What is special to nft, ipset, nginx or a shell: quotes, backslash, `; { } # $`, line ends, controls, and more."""


def comment(row: Row, limit: int) -> str:
    """Entry id and reason of a row in a charset that is safe in every syntax, at most `limit` characters; may be ''.

    >>> import ipaddress
    >>> comment(Row(ipaddress.ip_network("203.0.113.7"), None, ("01JDA",), 'walk "; drop\\n}'), 40)
    '01JDA walk drop'
    """
    more = f" +{len(row.ids) - 1}" if len(row.ids) > 1 else ""
    text = " ".join(_UNSAFE.sub(" ", f"{row.ids[0] if row.ids else ''}{more} {row.reason[:1000]}").split())
    return text[:limit].rstrip()


def above(row: Row, limit: int) -> str:
    """The comment of a row as a line of its own, for syntaxes that take none behind an entry."""
    return f"# {comment(row, limit)}".rstrip()


def heading(plan: Plan) -> str:
    """`apiwatch rev 17 2026-11-24T01:50:00Z`: which list it is."""
    return f"apiwatch rev {plan.revision} {utc(plan.at)}"


def notes(plan: Plan) -> list[str]:
    """The first lines of a file that expires nothing by itself: which list it is, and until when it is right."""
    ends = [row.expires for row in plan.rows if row.expires is not None]
    return [
        heading(plan),
        *([f"nothing here expires by itself: export again after {utc(min(ends))}"] if ends else []),
        *([] if plan.rows else ["no entries"]),
    ]


def utc(seconds: float) -> str:
    """RFC 3339 in UTC, in whole seconds; the year 9999 stands for everything later."""
    whole = min(max(int(seconds), 0), 253_402_300_799)
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
