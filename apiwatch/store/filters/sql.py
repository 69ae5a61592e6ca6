"""A filter as a condition of SQL with bound parameters; the dialect that SQLite and PostgreSQL share.

LIKE has to take capital and small ASCII letters for the same, as SQLite's does; PostgreSQL calls that ILIKE. No text of
a filter becomes part of the statement. Networks are compared as texts: addresses are stored in their canonical form,
and beside them (`Address.net`) the /24 as three numbers, the /64 as four groups.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from apiwatch.store.filters.fields import Kind
from apiwatch.store.filters.terms import Filter, Term, Value

__all__ = ["Address", "Among", "Column", "Columns", "Condition", "Counted", "Text", "condition", "like_escaped"]


class Text(Struct, frozen=True):
    """An expression of type text."""

    sql: str


class Among(Struct, frozen=True):
    """A text among several: `before` and `behind` make `EXISTS (...)` or `IN (...)` of a condition on `sql`."""

    before: str
    sql: str
    behind: str = ")"


class Counted(Struct, frozen=True):
    """An expression of type number (an age: a time in seconds); `of` is what its percentage is of."""

    sql: str
    of: str = "requests"


class Address(Struct, frozen=True):
    """An address, and its network as `activity.network_of` says it."""

    sql: str
    net: str
    known: str = ""
    """Goes before a comparison of `net`: what lets an index be used."""


Column = Text | Among | Counted | Address
Columns = Mapping[str, Column]
"""Field name -> where a table has it. Terms about other fields are left to `match`."""


class Condition(Struct, frozen=True):
    """Goes behind WHERE or AND, in brackets; its values in order."""

    sql: str
    values: tuple[str | float, ...]
    left: Filter
    """Terms that the table cannot decide."""


def condition(where: Filter, columns: Columns, now: float, *, words: Sequence[str] = ()) -> Condition:
    """The condition of a filter for a table; ages are counted back from `now`.

    `words` are the columns in which free words are looked for; without any they are left, too.
    """
    parts: list[str] = []
    values: list[str | float] = []
    left: list[Term] = []
    for term in where.terms:
        made = _term(term, columns, now, words)
        if made is None:
            left.append(term)
        else:
            parts.append(made[0])
            values += made[1]
    return Condition(" AND ".join(parts) or "1 = 1", tuple(values), Filter(tuple(left)))


_Made = tuple[str, list[str | float]]


def _term(term: Term, columns: Columns, now: float, words: Sequence[str]) -> _Made | None:
    names = words if term.field is None else (term.field.name,)
    wanted = [columns[name] for name in names if name in columns]
    if not wanted:
        return None
    choices = [_made(term, value, column, now) for value in term.values for column in wanted]
    sql = " OR ".join(choice[0] for choice in choices)
    values = [value for choice in choices for value in choice[1]]
    # A comparison with NULL is neither true nor false: it must not pass where it is inverted.
    return (f"NOT COALESCE(({sql}), 1 = 0)" if term.inverted else f"({sql})"), values


def _made(term: Term, value: Value, column: Column, now: float) -> _Made:
    if isinstance(column, Counted):
        age = term.field is not None and term.field.kind is Kind.AGE
        return _older(term.op, value, column, now) if age else _compared(term.op, value, column)
    if isinstance(column, Address):
        return _within(value.network, column) if value.network is not None else _like(term.op, value, column.sql)
    if isinstance(column, Among):
        sql, values = _like(term.op, value, column.sql)
        return f"{column.before}{sql}{column.behind}", values
    return _like(term.op, value, column.sql)


def _like(op: str, value: Value, sql: str) -> _Made:
    text = like_escaped(value.text)
    escaped = " ESCAPE '\\'" if text != value.text else ""
    return f"{sql} LIKE ?{escaped}", [text if op == "=" else f"%{text}%"]


def like_escaped(text: str) -> str:
    """A text as it stands for itself in a pattern of `LIKE ... ESCAPE '\\'`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _compared(op: str, value: Value, column: Counted) -> _Made:
    left, scale = (f"100.0 * {column.sql}", f" * {column.of}") if value.share else (column.sql, "")
    some = f"{column.of} > 0 AND " if value.share else ""
    if op == "=" and value.number == value.upper:
        return f"({some}{left} = ?{scale})", [value.number]
    if op == "=":
        return f"({some}{left} >= ?{scale} AND {left} <= ?{scale})", [value.number, value.upper]
    return f"({some}{left} {op} ?{scale})", [value.upper if op in (">", "<=") else value.number]


def _older(op: str, value: Value, column: Counted, now: float) -> _Made:
    back = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[op]
    return f"{column.sql} {back} ?", [now - value.number]


def _within(network: IPv4Network | IPv6Network, column: Address) -> _Made:
    if network.prefixlen == network.max_prefixlen:
        return f"{column.sql} = ?", [str(network.network_address)]
    if isinstance(network, IPv4Network) and network.prefixlen > 24:
        addresses = [str(address) for address in network]
        return f"{column.sql} IN ({', '.join('?' * len(addresses))})", list(addresses)
    sql, values = (
        _within_v4(network, column.net) if isinstance(network, IPv4Network) else _within_v6(network, column.net)
    )
    return f"({column.known}{sql})", values


def _within_v4(network: IPv4Network, net: str) -> _Made:
    octets = str(network.network_address).split(".")
    whole, bits = divmod(network.prefixlen, 8)
    if bits:
        first = int(octets[whole])
        choices = [".".join([*octets[:whole], str(first + step)]) for step in range(1 << (8 - bits))]
        whole += 1
    else:
        choices = [".".join(octets[:whole])]
    if whole == 3:
        return f"{net} IN ({', '.join('?' * len(choices))})", list(choices)
    behind = ".%" * (3 - whole) if whole else "%.%.%"
    return _one_like(net, ".".join(octets[: whole - bool(bits)]), ".", [choice + behind for choice in choices])


def _within_v6(network: IPv6Network, net: str) -> _Made:
    groups = [f"{int(group, 16):x}" for group in network.network_address.exploded.split(":")]
    whole, bits = divmod(network.prefixlen, 16)
    if whole == 4:
        return f"{net} = ?", [":".join(groups[:4])]
    choices = _group_patterns(int(groups[whole], 16), bits) if bits else ["%"]
    behind = ":%" * (3 - whole)
    return _one_like(
        net, ":".join(groups[:whole]), ":", [":".join([*groups[:whole], choice]) + behind for choice in choices]
    )


def _one_like(sql: str, first: str, mark: str, patterns: list[str]) -> _Made:
    """Whether a text has one of many patterns; what all begin with, up to a mark, lets an index find them."""
    choices = " OR ".join([f"{sql} LIKE ?"] * len(patterns))
    if not first:
        return f"({choices})", list(patterns)
    return f"({sql} >= ? AND {sql} < ? AND ({choices}))", [first + mark, first + chr(ord(mark) + 1), *patterns]


def _group_patterns(first: int, bits: int) -> list[str]:
    """Patterns of the hexadecimal numbers of 16 bits that begin with the first `bits` bits of `first`.

    >>> _group_patterns(0x20, 11), _group_patterns(0, 8)
    (['2_', '3_'], ['_', '__'])
    """
    nibbles = -(-bits // 4)
    free = 4 - nibbles
    patterns: list[str] = []
    for step in range(1 << (nibbles * 4 - bits)):
        head = f"{(first >> (free * 4)) + step:x}"
        if head != "0":
            patterns.append(head + "_" * free)
        else:
            patterns += ["_" * length for length in range(1, free + 1)] or ["0"]
    return patterns
