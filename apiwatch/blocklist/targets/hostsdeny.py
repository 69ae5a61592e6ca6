"""hosts.deny (hosts_access(5)): patterns for programs with libwrap, such as some SSH and mail servers; no web server.

hosts.deny names the file instead of holding the list, so that nothing in it is touched. Such a file is read word by
word and takes no comments.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from apiwatch.blocklist.networks import Network, bare, canonical, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected
from apiwatch.errors import GuardError

__all__ = ["HostsDeny"]


class HostsDeny(Target):
    """A pattern file; an empty list is an empty file."""

    name = "hosts-deny"
    title = "pattern file for hosts.deny"
    suffix = "hosts"
    mode = 0o644
    caps = Caps(layer="packet")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        for text in allow:
            parse_network(text)
        return "".join(f"{_pattern(row.network)}\n" for row in plan.rows)

    def _parsed(self, text: str) -> Sequence[str]:
        return [_network(line) for line in text.splitlines()]

    def _validated(self, content: bytes) -> CheckResult:
        """tcpdmatch has to deny an address of each family; tcpdchk accepts anything."""
        tool = find("tcpdmatch")
        if tool is None:
            return CheckResult(False, False, "tcpdmatch", "tcpdmatch (tcpd) is not installed here")
        patterns = content.decode().splitlines()
        tried = [next((p for p in patterns if p.startswith("[") == v6), None) for v6 in (False, True)]
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "list").write_bytes(content)
            (directory / "hosts.allow").touch()
            (directory / "hosts.deny").write_text(f"ALL: {directory / 'list'}\n")
            for pattern in filter(None, tried):
                address = str(parse_network(_network(pattern)).network_address)
                outcome = run([tool, "-d", "apiwatch", address], directory)
                if "denied" not in outcome.output:
                    return CheckResult(outcome.code is not None, False, "tcpdmatch", outcome.output)
        return CheckResult(True, True, "tcpdmatch", "tcpdmatch denies the first address of each family")

    def commands(self, paths: Sequence[str]) -> Commands:
        """Programs read it for each connection: nothing is reloaded."""
        path = quoted_path(paths)
        return Commands(
            apply=(f"# once, in /etc/hosts.deny: ALL: {path}  (its absolute path, without blanks)",),
            verify=("# tcpdmatch sshd ADDRESS",),
            undo=(f": > {path}",),
        )


def _pattern(network: Network) -> str:
    if network.version == 4:
        return bare(network)
    return f"[{network.network_address}]/{network.prefixlen}"


def _network(pattern: str) -> str:
    if not pattern.startswith("["):
        if ":" in pattern:
            raise unexpected(pattern)
        return canonical(pattern)
    address, bracket, prefix = pattern[1:].partition("]/")
    if not bracket:
        raise unexpected(pattern)
    try:
        return canonical(f"{address}/{prefix}")
    except GuardError:
        raise unexpected(pattern) from None
