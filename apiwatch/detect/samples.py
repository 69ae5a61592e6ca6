"""Original lines that explain a signal: a few per test, clean and without credentials."""

from apiwatch.formats.credentials import redact_line
from apiwatch.text import plain

__all__ = ["SAMPLES", "Sample", "keep_sample", "sample_of"]

Sample = tuple[int, str, int, str]
"""An original line: event second, source, line number, text."""

SAMPLES = 5
"""Original lines kept per test, for the explanation: the first two and the latest three."""


def keep_sample(samples: list[Sample], line: Sample) -> None:
    """Add an original line to at most five: the first two stay, of the rest the latest three."""
    samples.append(line)
    if len(samples) > SAMPLES:
        del samples[2]


def sample_of(time: float, source: str, line: int, raw: bytes) -> Sample:
    """An original line as it may be kept and shown: clean, and without credentials."""
    return int(time), source, line, redact_line(plain(raw[:4096].decode("utf-8", "surrogateescape")))
