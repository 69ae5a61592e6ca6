"""Writers of application servers and frameworks: Python, Node, Go, Ruby (reference: formats, section 3)."""

from collections.abc import Mapping
from dataclasses import replace

from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import quoted, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import WALL, Writer, asked

__all__ = ["WRITERS"]


def _requoted(target: str) -> str:
    """uvicorn quotes the path again [T]."""
    path, mark, query = target.partition("?")
    table = {
        '"': "%22",
        "\\": "%5C",
        "<": "%3C",
        ">": "%3E",
        "|": "%7C",
        "{": "%7B",
        "}": "%7D",
        "^": "%5E",
        "`": "%60",
    }
    path = "".join(table.get(char, char) for char in path)
    return path + mark + query.replace('"', "%22")


def _uvicorn(sample: Sample) -> str:
    return (
        f"INFO:     {sample.address}:{sample.port} - "
        f'"{sample.method} {_requoted(sample.target)} HTTP/1.1" {sample.status} OK'
    )


def _hypercorn(sample: Sample) -> str:
    return (
        f"[{sample.clock:%F %T %z}] [32197] [INFO] {sample.address}:{sample.port} - - [{clf_time(sample)}] "
        f'"{sample.method} {sample.path} 1.1" {sample.status} {sample.size} "{sample.referer or "-"}" '
        f'"{sample.agent or "-"}"'
    )


def _no_query(sample: Sample) -> Sample:
    return without('"', "agent", "referer")(replace(sample, target=sample.path))


def _took(sample: Sample) -> str:
    return f"{sample.duration // 1_000}.{sample.duration % 1_000:03} ms"


def _short(sample: Sample) -> str:
    return (
        f"{sample.address} {sample.user or '-'} {sample.method} {sample.target} HTTP/1.1 {sample.status} {sample.size} "
        f"- {_took(sample)}"
    )


def _tiny(sample: Sample) -> str:
    return f"{sample.method} {sample.target} {sample.status} {sample.size} - {_took(sample)}"


def _dev(sample: Sample) -> str:
    return (
        f"\x1b[0m{sample.method} {sample.target} \x1b[32m{sample.status}\x1b[0m {_took(sample)} - {sample.size}\x1b[0m"
    )


def _uwsgi(sample: Sample) -> str:
    wall = sample.in_zone(WALL)
    return (
        f"[pid: 88185|app: 0|req: 1/1] {sample.address} ({sample.user or ''}) {{38 vars in 696 bytes}} "
        f"[{wall:%a %b} {wall.day:2} {wall:%T %Y}] {sample.method} {sample.target} => generated {sample.size} bytes in "
        f"{sample.duration // 1_000} msecs (HTTP/1.1 {sample.status}) 9 headers in 378 bytes (1 switches on core 0)"
    )


def _gin(sample: Sample) -> str:
    wall = sample.in_zone(WALL)
    return (
        f"[GIN] {wall:%Y/%m/%d - %T} | {sample.status:3} | {_span(sample):>13} | {sample.address!s:>15} "
        f'| {sample.method:<7}  "{quoted(sample.target)}"'
    )


def _beego(sample: Sample) -> str:
    return (
        f"{sample.in_zone(WALL):%Y/%m/%d %T}.000 [D] [server.go:2619] |{sample.address!s:>15}| {sample.status} | "
        f"{_span(sample):>12}|   match| {sample.method:<7} {sample.path}   r:/orders"
    )


def _span(sample: Sample) -> str:
    """As Go prints a duration of less than an hour."""
    micro = sample.duration
    if micro < 1_000:
        return f"{micro}µs"
    if micro < 1_000_000:
        return f"{micro // 1_000}.{micro % 1_000:03}ms"
    minutes, micro = divmod(micro, 60_000_000)
    return (f"{minutes}m" if minutes else "") + f"{micro // 1_000_000}.{micro % 1_000_000:06}s"


def _rails(sample: Sample) -> str:
    return (
        f'Started {sample.method} "{sample.target}" for {sample.address} at {sample.clock:%F %T %z} '
        'Processing by OrdersController#show as JSON   Parameters: {"id"=>"7"} '
        f"Completed {sample.status} OK in {sample.duration // 1_000}ms (Views: 0.2ms | ActiveRecord: 6.2ms)"
    )


def _harbor_proxy(sample: Sample) -> str:
    return (
        f'{sample.address} - "{sample.method} {sample.target} HTTP/1.1" {sample.status} {sample.size} '
        f'"{sample.referer or "-"}" "{sample.agent or "-"}" {sample.seconds} 0.010 .'
    )


def _escaped_target(sample: Sample) -> Mapping[str, object]:
    return {"target": asked(_requoted(sample.target))}


def _one_word_user(sample: Sample) -> Sample:
    return replace(sample, user=sample.user.replace(" ", "_") if sample.user else None)


def _beego_tame(sample: Sample) -> Sample:
    return replace(sample, target=sample.path)


WRITERS = (
    Writer("uvicorn", "uvicorn", _uvicorn, "client method target status", tick=None, also=_escaped_target),
    Writer(
        "hypercorn",
        "hypercorn",
        _hypercorn,
        "client method target status bytes referer agent",
        tame=_no_query,
    ),
    Writer(
        "morgan_short",
        "morgan",
        _short,
        "client method target status bytes user duration",
        tick=None,
        duration_tick=1,
        tame=_one_word_user,
    ),
    Writer("morgan_tiny", "morgan", _tiny, "method target status bytes duration", tick=None, duration_tick=1),
    Writer("morgan_dev", "morgan", _dev, "method target status bytes duration", tick=None, duration_tick=1),
    Writer(
        "uwsgi",
        "uwsgi",
        _uwsgi,
        "client method target status bytes user duration",
        offset=WALL,
    ),
    Writer(
        "gin",
        "gin",
        _gin,
        "client method target status duration",
        offset=WALL,
        duration_tick=1,
        tame=without('"\\', "target"),
    ),
    Writer(
        "beego",
        "beego",
        _beego,
        "client method target status duration",
        offset=WALL,
        duration_tick=1,
        tame=_beego_tame,
    ),
    Writer("rails", "rails", _rails, "client method target status duration", tame=without('"', "target")),
    Writer(
        "harbor_proxy",
        "nginx",
        _harbor_proxy,
        "client method target status bytes referer agent duration",
        tick=None,
        tame=without('"', "target", "referer", "agent"),
    ),
)
