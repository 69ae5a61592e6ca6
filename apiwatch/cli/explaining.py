"""What `apiwatch parse --explain` says: which format each source has and why, and where failing lines stop."""

from collections import Counter
from typing import TYPE_CHECKING

from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.formats import Unparsed

__all__ = ["Explanation"]

_SHOWN = 10
_WIDTH = 200
_SAMPLE = 200
"""Lines of a source that are tried as every format."""


class Explanation:
    """Collects while lines are parsed."""

    def __init__(self) -> None:
        self._formats: dict[str, Counter[str]] = {}
        self._rivals: dict[str, Counter[str]] = {}
        self._failures: list[tuple[str, Unparsed]] = []

    def record(self, source: str, format_name: str, line: bytes) -> None:
        """A line that was understood as `format_name`."""
        from apiwatch.formats.candidates import candidates

        counted = self._formats.setdefault(source, Counter())
        if counted.total() < _SAMPLE and format_name != "custom":
            rivals = [name for name in candidates(line) if name != format_name]
            self._rivals.setdefault(source, Counter()).update(rivals)
        counted[format_name] += 1

    def failure(self, source: str, failure: "Unparsed") -> None:
        """A line that no format understood."""
        if len(self._failures) < _SHOWN:
            self._failures.append((source, failure))

    def show(self) -> None:
        """Print it."""
        from apiwatch.cli.output import put

        for source, counted in self._formats.items():
            self._show_source(source, counted)
        for source, failure in self._failures:
            start = max(0, min(failure.matched, len(failure.text)) - _WIDTH // 2)
            shown = failure.text[start : start + _WIDTH]
            best = f"understood best as {failure.format}, " if failure.format else ""
            put(f"{plain(source)}:{failure.line}: {best}{failure.matched} characters understood")
            put(f"  {'~' if start else ''}{plain(shown, 2 * _WIDTH)}")
            put(f"  {' ' * (failure.matched - start + bool(start))}^")
        if not self._failures:
            put("every line is understood")

    def _show_source(self, source: str, counted: Counter[str]) -> None:
        from apiwatch.cli.output import put
        from apiwatch.formats import FORMATS

        known = {info.name: info for info in FORMATS}
        put(f"{plain(source)}: {', '.join(f'{name} ({count} lines)' for name, count in counted.most_common())}")
        for name in counted:
            if name == "custom":
                put("  custom: the format string that was given; nothing else was tried")
            elif name in known:
                info = known[name]
                twins = f"; {', '.join(info.also)} write the same lines" if info.also else ""
                put(f"  {name}: {info.title}{twins}")
        rivals = self._rivals.get(source)
        if rivals:
            names = ", ".join(f"{name} ({count})" for name, count in rivals.most_common())
            put(f"  of the first {_SAMPLE} lines, other formats fit some, too: {names}; the stricter one is taken")
        elif rivals is not None:
            put(f"  no other format fits any of the first {_SAMPLE} lines")
