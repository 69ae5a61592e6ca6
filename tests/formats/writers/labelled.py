"""Writers of labelled values: logfmt and LTSV."""

from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import logfmt, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import Writer

__all__ = ["WRITERS"]


def _logfmt(sample: Sample) -> str:
    pairs = {
        "time": sample.clock.isoformat(timespec="milliseconds"),
        "level": "info",
        "client_ip": str(sample.address),
        "host": sample.host,
        "method": sample.method,
        "path": sample.target,
        "status": str(sample.status),
        "bytes": str(sample.size),
        "duration": f"{sample.duration}us",
        "user_agent": sample.agent,
        "referer": sample.referer,
        "user": sample.user,
    }
    return " ".join(f"{key}={logfmt(value)}" for key, value in pairs.items() if value is not None)


def _ltsv(sample: Sample) -> str:
    pairs = {
        "time": f"[{clf_time(sample)}]",
        "host": sample.address,
        "user": sample.user or "-",
        "req": f"{sample.method} {sample.target} HTTP/1.1",
        "status": sample.status,
        "size": sample.size,
        "referer": sample.referer or "-",
        "ua": sample.agent or "-",
        "vhost": sample.host,
        "reqtime_microsec": sample.duration,
    }
    return "\t".join(f"{label}:{value}" for label, value in pairs.items())


WRITERS = (
    Writer(
        "logfmt",
        "go",
        _logfmt,
        "client method target status bytes referer agent host user duration",
        tick=1_000,
        duration_tick=1,
    ),
    Writer(
        "ltsv",
        "ltsv",
        _ltsv,
        "client method target status bytes referer agent host user duration",
        duration_tick=1,
        tame=without("\t", "agent", instead=" "),
    ),
)
