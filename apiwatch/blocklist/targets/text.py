"""A plain list: one address or network per line, as external dynamic lists of firewalls read it. No comments."""

from collections.abc import Mapping, Sequence

from apiwatch.blocklist.applying.listfile import ListFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import bare, canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path

__all__ = ["PlainList"]


class PlainList(Target):
    """Addresses, one a line; an empty list is an empty file."""

    name = "plain"
    title = "plain list, one network a line"
    suffix = "txt"
    mode = 0o644
    caps = Caps(layer="feed", sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        return "".join(f"{bare(row.network)}\n" for row in plan.rows)

    def _parsed(self, text: str) -> Sequence[str]:
        return [canonical(line) for line in text.splitlines()]

    def applier(self, options: Mapping[str, str], run: Run, /) -> ListFile:
        """Replaces the file that the firewall fetches or reads; option `path`."""
        return ListFile(self.name, self.parse, options)

    def commands(self, paths: Sequence[str]) -> Commands:
        """What reads the list decides how it is applied."""
        path = quoted_path(paths)
        return Commands(
            apply=("# let the firewall fetch or read the file again; it does not expire by itself",),
            verify=(f"wc -l {path}",),
            undo=(f": > {path}",),
        )
