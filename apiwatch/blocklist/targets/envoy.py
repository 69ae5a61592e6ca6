"""Envoy: the RBAC filter as an extension that Envoy reads from a file of its own and takes up when that is replaced.

The file is a DiscoveryResponse (ECDS). A list that Envoy does not understand leaves the old one in force. JSON has no
comments, so the reasons of the entries are left out, and the name of a policy says which requests it is about. Paths
are compared without the query, and otherwise as the listener leaves them (`normalize_path`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from apiwatch.blocklist.appliers.adminapi import ask
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile, wait_for
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import heading
from apiwatch.blocklist.conditions import host_regex, portable, read_portable
from apiwatch.blocklist.networks import Network, parse_network, united
from apiwatch.blocklist.planning import Plan, key_of
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected, written
from apiwatch.blocklist.targets.sections import CONDITIONS
from apiwatch.errors import ApplyError, GuardError
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["Envoy"]

_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"
_NAME = "apiwatch"
_OPEN = (
    '"resources": [{"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", '
    f'"name": "{_NAME}", "typed_config": {{"@type": "{_RBAC}",',
    '"rules": {"action": "DENY", "policies": {',
)
_EXCEPT, _EXCEPT_END = '{"not_id": {"or_ids": {"ids": [', "]}}},"
_LIST, _LIST_END = '{"or_ids": {"ids": [', "]}}"
_POLICY_END = "]}}]}"
_CLOSE = "}}}}]}"
_POLICY = re.compile(rf'"{_NAME}(?: (?P<only>[^"]+))?": \{{"permissions": .*', re.ASCII)
_FRAME = frozenset((*_OPEN, _EXCEPT, _EXCEPT_END, _LIST, _LIST_END, _POLICY_END, f"{_POLICY_END},", _CLOSE))
_VERSION = re.compile(r'\{"version_info": "[A-Za-z0-9 :-]+",', re.ASCII)
_LINE = re.compile(r'\{"remote_ip": \{"address_prefix": "([0-9a-f:.]+)", "prefix_len": ([0-9]+)\}\},?', re.ASCII)
_HTTP = "type.googleapis.com/envoy.extensions.filters"
_FILTER = {
    "name": _NAME,
    "config_discovery": {"config_source": {"path_config_source": {"path": "FILE"}}, "type_urls": [_RBAC]},
}


class Envoy(Target):
    """A file for `config_discovery` of an HTTP filter."""

    name = "envoy"
    title = "Envoy RBAC filter (ECDS file)"
    suffix = "json"
    mode = 0o644
    caps = Caps(conditions=CONDITIONS, layer="http", sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        allowed = [parse_network(text) for text in allow]
        kept = united(allowed)
        lines = [f'{{"version_info": "{heading(plan)}",', *_OPEN]
        sections = [each for each in (ALWAYS, *plan.conditions()) if plan.under(each)]
        for condition in sections:
            lines.append(_policy(condition))
            if kept:
                lines += [_EXCEPT, *_principals(kept), _EXCEPT_END]
            lines += [_LIST, *_principals([row.network for row in plan.under(condition)]), _LIST_END]
            lines.append(_POLICY_END if condition == sections[-1] else f"{_POLICY_END},")
        return "\n".join([*lines, _CLOSE, ""])

    def _parsed(self, text: str) -> Sequence[str]:
        """Line by line: what stands between the frame lines of the exceptions is not blocked."""
        found: list[str] = []
        excepted = False
        condition = ALWAYS
        for line in text.splitlines():
            if policy := _POLICY.fullmatch(line):
                condition = read_portable(policy["only"] or "")
                if line != _policy(condition):
                    raise unexpected(line)
                continue
            if line in _FRAME or _VERSION.fullmatch(line):
                excepted = line == _EXCEPT
                continue
            read = _LINE.fullmatch(line)
            if read is None:
                raise unexpected(line)
            network = parse_network(f"{read[1]}/{read[2]}")
            if not excepted:
                found.append(key_of(network, condition))
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """`envoy --mode validate` on the filter of the file, written into a configuration."""
        empty = self._text(plan_of((), 0.0), ()).encode()
        return check_list(("envoy",), "envoy.json", _bootstrap(empty), _bootstrap(content), _ways)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `admin`, the address of the admin interface. Without it nothing is read back."""
        given = Options(self.name, options, ("path", "admin"))
        return ServerFile(self, given.path("path"), _Running(given.url("admin")))

    def commands(self, paths: Sequence[str]) -> Commands:
        """The filter that reads the file, first among `http_filters`; Envoy sees when a file is renamed over it."""
        path = quoted_path(paths)
        empty = ('{"version_info": "apiwatch none",', *_OPEN, _CLOSE)
        return Commands(
            apply=(
                f"# once, first in http_filters, with the absolute path of {path} for FILE: {json.dumps(_FILTER)}",
                "# Envoy watches the file, nothing to reload",
            ),
            verify=("curl -s 'http://127.0.0.1:9901/config_dump?resource=ecds_filters'",),
            undo=(f"{written(empty, f'{path}.new')} && mv {path}.new {path}",),
        )


def _policy(condition: Condition) -> str:
    """The line that begins the policy of a condition; its name says which one."""
    rules = list(_rules(condition))
    permission = {"and_rules": {"rules": rules}} if rules else {"any": True}
    name = f"{_NAME} {portable(condition)}".rstrip()
    return f'"{name}": {{"permissions": [{json.dumps(permission)}], "principals": [{{"and_ids": {{"ids": ['


def _rules(condition: Condition) -> Iterator[dict[str, Any]]:
    if condition.host:
        host = {"safe_regex": {"regex": host_regex(condition.host)}}
        yield {"header": {"name": ":authority", "string_match": host}}
    if condition.path:
        ways: list[dict[str, str]] = [{"exact": condition.path}, {"prefix": f"{condition.path}/"}]
        yield {"or_rules": {"rules": [{"url_path": {"path": way}} for way in ways]}}
    if condition.agent:
        yield {"header": {"name": "user-agent", "string_match": {"contains": condition.agent}}}


def _principals(networks: Sequence[Network]) -> Iterator[str]:
    for at, network in enumerate(networks, 1):
        place = f'"address_prefix": "{network.network_address}", "prefix_len": {network.prefixlen}'
        yield f'{{"remote_ip": {{{place}}}}}' + ("," if at < len(networks) else "")


def _ways(envoy: str, _directory: Path) -> list[list[str]]:
    return [[envoy, "--mode", "validate", "-l", "warn", "-c", "envoy.json"]]


def _bootstrap(content: bytes) -> bytes:
    """The least configuration with the filter of a file of ours."""
    filter_config = json.loads(content)["resources"][0]["typed_config"]
    manager = {
        "@type": f"{_HTTP}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "check",
        "route_config": {"virtual_hosts": []},
        "http_filters": [
            {"name": _NAME, "typed_config": filter_config},
            {"name": "router", "typed_config": {"@type": f"{_HTTP}.http.router.v3.Router"}},
        ],
    }
    listener = {
        "name": "check",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return json.dumps({"static_resources": {"listeners": [listener]}}).encode()


class _Running:
    """A running Envoy, which watches the file."""

    def __init__(self, admin: str | None) -> None:
        self._admin = admin

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        if self._admin is not None:
            wait_for(
                nets, self._rules, "Envoy does not use the list; its log says why, and a filter must read the file"
            )

    def loaded(self) -> frozenset[str] | None:
        """See `Server.loaded`: the filter in the configuration that Envoy runs with."""
        return None if self._admin is None else self._rules()

    def _rules(self) -> frozenset[str]:
        dump = ask(f"{self._admin}/config_dump?resource=ecds_filters", missing={})
        lists: set[frozenset[str]] = set()
        for config in dump.get("configs") or ():
            extension = config.get("ecds_filter") or {}
            if extension.get("name") == _NAME:
                try:
                    lists.add(frozenset(_denied(extension["typed_config"])))
                except (KeyError, IndexError, TypeError, GuardError):
                    raise ApplyError("Envoy's filter `apiwatch` holds no list of apiwatch; look at it") from None
        return lists.pop() if len(lists) == 1 else frozenset()


def _denied(filter_config: dict[str, Any]) -> Iterator[str]:
    for name, policy in filter_config.get("rules", {}).get("policies", {}).items():
        condition = read_portable(name.removeprefix(_NAME).lstrip())
        for principal in policy["principals"][0]["and_ids"]["ids"][-1]["or_ids"]["ids"]:
            prefix = principal["remote_ip"]
            yield key_of(parse_network(f"{prefix['address_prefix']}/{prefix.get('prefix_len', 0)}"), condition)
