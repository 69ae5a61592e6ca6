"""Tables of the state file, and the steps from each older version to the current one.

Version 1 had no leaderboards. Version 2 adds those of the busiest clients of each minute (`board_minutes`, with the
floors below which clients are left out in `board_floors`), of the latest clients (`recent`), and `clients.ranked`, by
which the most suspicious clients are found. Version 3 adds `routes.origin`, version 4 `routes.notes`. Version 5 finds
clients by user, user agent and route, and alerts by route. Version 6 adds the newest requests (`tail`),
version 7 `route_minutes`, version 8 what OpenAPI files declare and who first asked for a route,
version 9 the objects of enumerations over time (`points`), version 10 what firewalls hold of the block queue
(`applications`), version 11 which requests a block is about (`actions.condition`).

Numbers are integers (times: seconds, `minute`: minutes since the epoch); texts went through `plain`; blobs are
MessagePack. `shard` is in each key; readers sum over shards and parts.
"""

import sqlite3
from collections.abc import Callable
from math import log2

import msgspec

from apiwatch.store.boards import fill_boards

__all__ = ["APPLICATION_ID", "HALF_LIFE_S", "VERSION", "migrate", "rank_of"]

APPLICATION_ID = 0x61707763
"""'apwc' at byte 68 of the file."""

HALF_LIFE_S = 1800
"""Seconds in which a score halves."""

_COUNTS = """
    requests BIGINT NOT NULL DEFAULT 0, ok BIGINT NOT NULL DEFAULT 0, miss BIGINT NOT NULL DEFAULT 0,
    deny BIGINT NOT NULL DEFAULT 0, limited BIGINT NOT NULL DEFAULT 0, err BIGINT NOT NULL DEFAULT 0,
    neutral BIGINT NOT NULL DEFAULT 0"""

_FIRST = f"""
CREATE TABLE shards (
    shard INTEGER NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL, owner TEXT NOT NULL
);
CREATE TABLE offsets (
    shard INTEGER NOT NULL, source TEXT NOT NULL, next TEXT NOT NULL, PRIMARY KEY (shard, source)
);
CREATE TABLE state (
    shard INTEGER NOT NULL, key TEXT NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (shard, key)
);
CREATE TABLE health (
    shard INTEGER NOT NULL PRIMARY KEY, heartbeat DOUBLE PRECISION NOT NULL, watermark DOUBLE PRECISION NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE sources (
    name TEXT NOT NULL, shard INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL,
    format TEXT NOT NULL, lines BIGINT NOT NULL, requests BIGINT NOT NULL, unparsed BIGINT NOT NULL,
    skipped BIGINT NOT NULL, late BIGINT NOT NULL, cut BIGINT NOT NULL, dropped BIGINT NOT NULL,
    backlog_bytes BIGINT NOT NULL, last_time DOUBLE PRECISION NOT NULL, PRIMARY KEY (name, shard)
);
CREATE TABLE unparsed (
    source TEXT NOT NULL, line BIGINT NOT NULL, shard INTEGER NOT NULL, time BIGINT NOT NULL, text TEXT NOT NULL,
    matched BIGINT NOT NULL, format TEXT NOT NULL, PRIMARY KEY (source, line, shard)
);
CREATE TABLE clients (
    client TEXT NOT NULL, shard INTEGER NOT NULL, part BIGINT NOT NULL, first_seen BIGINT NOT NULL DEFAULT 0,
    last_seen BIGINT NOT NULL DEFAULT 0, {_COUNTS}, bytes BIGINT NOT NULL DEFAULT 0,
    principal TEXT NOT NULL DEFAULT '', peer TEXT NOT NULL DEFAULT '', score INTEGER NOT NULL DEFAULT 0,
    scored_at BIGINT NOT NULL DEFAULT 0, points TEXT NOT NULL DEFAULT '[]', net TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (client, shard, part)
) WITHOUT ROWID;
CREATE INDEX clients_net ON clients (net, client) WHERE net <> '';
CREATE TABLE activity (
    minute BIGINT NOT NULL, shard INTEGER NOT NULL, clients BIGINT NOT NULL, PRIMARY KEY (minute, shard)
) WITHOUT ROWID;
CREATE TABLE client_minutes (
    minute BIGINT NOT NULL, client TEXT NOT NULL, shard INTEGER NOT NULL, part BIGINT NOT NULL, {_COUNTS},
    bytes BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (minute, client, shard, part)
) WITHOUT ROWID;
CREATE TABLE client_routes (
    client TEXT NOT NULL, shard INTEGER NOT NULL, part BIGINT NOT NULL, route TEXT NOT NULL, last_seen BIGINT NOT NULL,
    objects BIGINT NOT NULL, {_COUNTS}, PRIMARY KEY (client, shard, part, route)
) WITHOUT ROWID;
CREATE TABLE client_facets (
    client TEXT NOT NULL, shard INTEGER NOT NULL, part BIGINT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    requests BIGINT NOT NULL, last_seen BIGINT NOT NULL, PRIMARY KEY (client, shard, part, kind, value)
) WITHOUT ROWID;
CREATE TABLE minutes (
    minute BIGINT NOT NULL, shard INTEGER NOT NULL, s1xx BIGINT NOT NULL, s2xx BIGINT NOT NULL, s3xx BIGINT NOT NULL,
    s4xx BIGINT NOT NULL, s5xx BIGINT NOT NULL, other BIGINT NOT NULL, {_COUNTS}, bytes BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, shard)
) WITHOUT ROWID;
CREATE TABLE routes (
    host TEXT NOT NULL, route TEXT NOT NULL, shard INTEGER NOT NULL, roles TEXT NOT NULL, first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL, clients BIGINT NOT NULL, {_COUNTS}, PRIMARY KEY (host, route, shard)
) WITHOUT ROWID;
CREATE TABLE suspects (
    detector TEXT NOT NULL, principal TEXT NOT NULL, host TEXT NOT NULL, route TEXT NOT NULL, parameter TEXT NOT NULL,
    shard INTEGER NOT NULL, family TEXT NOT NULL, client TEXT NOT NULL, evidence DOUBLE PRECISION NOT NULL,
    hits BIGINT NOT NULL, observations BIGINT NOT NULL, objects BIGINT NOT NULL, failures BIGINT NOT NULL,
    successes BIGINT NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (detector, principal, host, route, parameter, shard)
) WITHOUT ROWID;
CREATE INDEX suspects_evidence ON suspects (family, evidence) WHERE evidence > 0;
CREATE INDEX suspects_client ON suspects (client);
CREATE INDEX suspects_principal ON suspects (principal);
CREATE INDEX suspects_seen ON suspects (last_seen, principal);
CREATE TABLE alerts (
    id TEXT NOT NULL, shard INTEGER NOT NULL, family TEXT NOT NULL, principal TEXT NOT NULL, severity INTEGER NOT NULL,
    score INTEGER NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL, closed INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (id, shard)
);
CREATE INDEX alerts_open ON alerts (severity, score, last_seen) WHERE closed = 0;
CREATE INDEX alerts_principal ON alerts (family, principal) WHERE closed = 0;
CREATE INDEX alerts_seen ON alerts (last_seen, id);
CREATE TABLE alert_clients (
    client TEXT NOT NULL, alert_id TEXT NOT NULL, shard INTEGER NOT NULL, PRIMARY KEY (client, alert_id, shard)
) WITHOUT ROWID;
CREATE INDEX alert_clients_alert ON alert_clients (alert_id);
CREATE TABLE evidence (
    alert_id TEXT NOT NULL, slot BIGINT NOT NULL, shard INTEGER NOT NULL, time BIGINT NOT NULL, source TEXT NOT NULL,
    line BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (alert_id, slot, shard)
);
CREATE TABLE actions (
    id TEXT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, time DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL,
    kind TEXT NOT NULL, subject TEXT NOT NULL, expires DOUBLE PRECISION, note TEXT NOT NULL, entry TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX actions_subject ON actions (subject, kind);
CREATE INDEX actions_entry ON actions (entry) WHERE entry <> '';
CREATE INDEX actions_expires ON actions (kind, expires);
"""

_SECOND = f"""
ALTER TABLE clients ADD COLUMN ranked BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clients_ranked ON clients (ranked) WHERE ranked > 0;
CREATE TABLE board_minutes (
    minute BIGINT NOT NULL, client TEXT NOT NULL, shard INTEGER NOT NULL, part BIGINT NOT NULL, {_COUNTS},
    bytes BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (minute, client, shard, part)
) WITHOUT ROWID;
CREATE TABLE board_floors (
    minute BIGINT NOT NULL, shard INTEGER NOT NULL, requests BIGINT NOT NULL, miss BIGINT NOT NULL,
    deny BIGINT NOT NULL, err BIGINT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (minute, shard)
) WITHOUT ROWID;
CREATE TABLE recent (
    client TEXT NOT NULL, shard INTEGER NOT NULL, last_seen BIGINT NOT NULL, PRIMARY KEY (client, shard)
) WITHOUT ROWID;
"""


_FIFTH = """
CREATE INDEX client_facets_value ON client_facets (kind, value, client) WHERE kind <> 'host';
CREATE INDEX client_routes_route ON client_routes (route, client);
ALTER TABLE alerts ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN route TEXT NOT NULL DEFAULT '';
CREATE INDEX alerts_route ON alerts (route);
"""


_SIXTH = """
CREATE TABLE tail (
    slot INTEGER NOT NULL, shard INTEGER NOT NULL, seq BIGINT NOT NULL, seen BIGINT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (slot, shard)
);
"""


_SEVENTH = f"""
CREATE TABLE route_minutes (
    minute BIGINT NOT NULL, host TEXT NOT NULL, route TEXT NOT NULL, shard INTEGER NOT NULL, s1xx BIGINT NOT NULL,
    s2xx BIGINT NOT NULL, s3xx BIGINT NOT NULL, s4xx BIGINT NOT NULL, s5xx BIGINT NOT NULL, other BIGINT NOT NULL,
    {_COUNTS}, bytes BIGINT NOT NULL DEFAULT 0, durations TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (minute, host, route, shard)
) WITHOUT ROWID;
"""


_EIGHTH = """
ALTER TABLE routes ADD COLUMN declared INTEGER NOT NULL DEFAULT -1;
ALTER TABLE routes ADD COLUMN deprecated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE routes ADD COLUMN first_client TEXT NOT NULL DEFAULT '';
CREATE TABLE declared (
    host TEXT NOT NULL, route TEXT NOT NULL, shard INTEGER NOT NULL, deprecated INTEGER NOT NULL,
    PRIMARY KEY (host, route, shard)
);
CREATE INDEX alerts_family ON alerts (family, last_seen);
"""


_NINTH = """
CREATE TABLE points (
    principal TEXT NOT NULL, host TEXT NOT NULL, route TEXT NOT NULL, parameter TEXT NOT NULL, shard INTEGER NOT NULL,
    client TEXT NOT NULL, last_seen BIGINT NOT NULL, ordered INTEGER NOT NULL, stride BIGINT NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (principal, host, route, parameter, shard)
);
CREATE INDEX points_client ON points (client);
CREATE INDEX points_route ON points (route, last_seen);
CREATE INDEX points_seen ON points (last_seen, principal);
"""


_TENTH = """
CREATE TABLE applications (
    entry TEXT NOT NULL, target TEXT NOT NULL, host TEXT NOT NULL, revision BIGINT NOT NULL,
    applied_at DOUBLE PRECISION NOT NULL, verified_at DOUBLE PRECISION NOT NULL, expires DOUBLE PRECISION,
    dropped BIGINT, error TEXT NOT NULL, PRIMARY KEY (entry, target, host)
);
CREATE INDEX applications_target ON applications (target, host);
CREATE INDEX applications_expires ON applications (expires);
"""


def rank_of(score: int, scored_at: int) -> int:
    """A number by which faded scores compare at any time: the moment at which the score has faded to 1, in seconds."""
    return round(scored_at + HALF_LIFE_S * log2(score)) if score > 0 else 0


def migrate(connection: sqlite3.Connection, version: int | None = None) -> None:
    """Bring an open database (empty, or of an older version) to a version, the current one, in one transaction."""
    target = VERSION if version is None else version
    if connection.execute("PRAGMA user_version").fetchone() == (target,):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        for step in _STEPS[found:target]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {target}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _to_first(connection: sqlite3.Connection) -> None:
    _run(connection, _FIRST)


def _to_second(connection: sqlite3.Connection) -> None:
    _run(connection, _SECOND)
    scored = connection.execute("SELECT score, scored_at, client, shard, part FROM clients WHERE score > 0").fetchall()
    connection.executemany(
        "UPDATE clients SET ranked = ? WHERE client = ? AND shard = ? AND part = ?",
        [(rank_of(score, scored_at), *key) for score, scored_at, *key in scored],
    )
    fill_boards(connection)


def _with_origins(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE routes ADD COLUMN origin TEXT NOT NULL DEFAULT 'learned'")


def _with_notes(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE routes ADD COLUMN notes TEXT NOT NULL DEFAULT ''")


def _to_fifth(connection: sqlite3.Connection) -> None:
    _run(connection, _FIFTH)
    places = []
    for shard, key, body in connection.execute("SELECT shard, id, body FROM alerts").fetchall():
        alert = msgspec.msgpack.decode(body)
        places.append((alert["host"], alert["route"], shard, key))
    connection.executemany("UPDATE alerts SET host = ?, route = ? WHERE shard = ? AND id = ?", places)
    fill_boards(connection)


def _to_sixth(connection: sqlite3.Connection) -> None:
    _run(connection, _SIXTH)


def _to_seventh(connection: sqlite3.Connection) -> None:
    _run(connection, _SEVENTH)


def _to_eighth(connection: sqlite3.Connection) -> None:
    _run(connection, _EIGHTH)


def _to_ninth(connection: sqlite3.Connection) -> None:
    _run(connection, _NINTH)


def _to_tenth(connection: sqlite3.Connection) -> None:
    _run(connection, _TENTH)


def _with_conditions(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE actions ADD COLUMN condition TEXT NOT NULL DEFAULT ''")


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _to_first,
    _to_second,
    _with_origins,
    _with_notes,
    _to_fifth,
    _to_sixth,
    _to_seventh,
    _to_eighth,
    _to_ninth,
    _to_tenth,
    _with_conditions,
)
"""Step N brings a database of version N to version N + 1."""

VERSION = len(_STEPS)
"""Version of the schema that this program writes."""
