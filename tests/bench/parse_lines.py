"""Processor time per line of the line parser, against a bare regular expression on the same lines in the same run.

python -m tests.bench.parse_lines [LINES]
"""

import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from apiwatch.formats import LineParser
from apiwatch.model import Request

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_COMBINED = r"(\S+) (\S+) (.+?) \[([^\]]+)\] " + _QUOTED + r" (\d{3}) (\d+|-) " + _QUOTED + " " + _QUOTED
_VALUE = r'("[^"\\]*(?:\\.[^"\\]*)*"|[^,{}\[\]]+)'
_PATTERNS = {
    "combined": _COMBINED,
    "combined, few targets": _COMBINED,
    "vhost_combined": r"(\S+) " + _COMBINED,
    "json (nginx)": r"\{" + ",".join([r'"(\w+)":' + _VALUE] * 10) + r"\}",
    "caddy_json": r'\{.*"ts":([\d.]+).*"remote_ip":"([^"]*)".*"method":"([^"]*)","host":"([^"]*)","uri":"([^"]*)"'
    r'.*"User-Agent":\["([^"]*)"\].*"duration":([\d.]+),"size":(\d+),"status":(\d+)',
}
_REPEATS = 5
_BATCH = 2_000


def lines(kind: str, count: int, seed: int = 7) -> list[bytes]:
    """Lines of a small shop: 250 clients, 40 agents, targets with one of 20 000 order numbers (or of 40)."""
    chance = random.Random(seed)  # noqa: S311
    orders = 40 if "few" in kind else 20_000
    made: list[bytes] = []
    for index in range(count):
        second = index // 300
        minute, second = divmod(second, 60)
        client = f"203.0.113.{chance.randrange(250)}"
        target = f"/api/v1/orders/{chance.randrange(orders)}"
        agent = (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{chance.randrange(90, 130)}.0.0.0 Safari/537.36"
        )
        size, status = chance.randrange(200, 9_000), chance.choice((200, 200, 200, 304, 404))
        clock = f"03:{minute:02}:{second:02}"
        if kind == "json (nginx)":
            line = (
                f'{{"time":"2026-11-24T{clock}+00:00","remote_addr":"{client}","remote_user":"","request_method":"GET",'
                f'"request_uri":"{target}","status":{status},"body_bytes_sent":{size},"request_time":0.012,'
                f'"http_referer":"https://shop.example.com/orders","http_user_agent":"{agent}"}}'
            )
        elif kind == "caddy_json":
            line = (
                f'{{"level":"info","ts":{1795489854 + index / 300:.6f},"logger":"http.log.access.log0","msg":"handled '
                f'request","request":{{"remote_ip":"{client}","remote_port":"40192","proto":"HTTP/2.0","method":"GET",'
                f'"host":"api.example.com","uri":"{target}","headers":{{"User-Agent":["{agent}"],"Accept":["*/*"]}}}},'
                f'"user_id":"","duration":0.012,"size":{size},"status":{status},"resp_headers":{{"Server":["Caddy"]}}}}'
            )
        else:
            vhost = "api.example.com:443 " if kind.startswith("vhost") else ""
            line = (
                f'{vhost}{client} - - [24/Nov/2026:{clock} +0000] "GET {target} HTTP/1.1" {status} {size} '
                f'"https://shop.example.com/orders" "{agent}"'
            )
        made.append(line.encode())
    return made


def _timed(run: Callable[[], None]) -> float:
    """Seconds of processor time."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _parse(batch: Sequence[bytes]) -> None:
    parser = LineParser(salt=b"bench")
    for start in range(0, len(batch), _BATCH):
        records = parser.parse(batch[start : start + _BATCH], start + 1, 1_795_489_854.0)
        if not isinstance(records[0], Request):
            raise SystemExit(f"not parsed: {records[0]!r}")


def _match(pattern: re.Pattern[str], batch: Sequence[bytes]) -> None:
    for line in batch:
        found = pattern.match(line.decode())
        if found is None:
            raise SystemExit(f"not matched: {line!r}")
        found.groups()


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(f"{'format':24}{'parser us/line':>16}{'bare regex us/line':>20}{'ratio':>8}")
    for kind, text in _PATTERNS.items():
        batch, pattern = lines(kind, count), re.compile(text)
        pairs = [(_timed(partial(_parse, batch)), _timed(partial(_match, pattern, batch))) for _ in range(_REPEATS)]
        ours, theirs = (min(times) / count * 1e6 for times in zip(*pairs, strict=True))
        print(f"{kind:24}{ours:16.2f}{theirs:20.2f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
