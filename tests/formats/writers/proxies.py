"""Writers of proxies and meshes (reference: formats, section 4)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.formats.writers.escapes import haproxy, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import WALL, Writer, asked

__all__ = ["WRITERS"]


def _haproxy_text(text: str) -> str:
    """A text that went through the capture and the request line: both escape the same but for braces and bars."""
    return "".join(haproxy(char) if char not in "{|}" else char for char in text)


def _haproxy(sample: Sample) -> str:
    wall = sample.in_zone(WALL)
    captured = "|".join((sample.host, haproxy(sample.agent or ""), haproxy(sample.referer or "")))
    return (
        f"{sample.address}:{sample.port} [{wall:%d/%b/%Y:%H:%M:%S}.{wall.microsecond // 1_000:03}] fe~ be/s1 "
        f"0/0/0/1/{sample.duration // 1_000} {sample.status} {sample.size} - - ---- 1/1/0/0/0 0/0 "
        f'{{{captured}}} {{}} "{sample.method} {_haproxy_text(sample.target)} HTTP/1.1"'
    )


def _captured(sample: Sample) -> Mapping[str, object]:
    """Captures have no names: an agent is known by how agents begin, with a product and its version."""
    agent = sample.agent or ""
    known = re.match(r"[A-Za-z][A-Za-z0-9_ .+-]{0,63}/v?[0-9]", agent)
    return {
        "user_agent": haproxy(agent) if known else None,
        "referer": haproxy(sample.referer) if sample.referer else None,
        "target": asked(_haproxy_text(sample.target)),
    }


def _named_host(sample: Sample) -> Sample:
    """A host that is an address is not told from one in a list of them, nor an agent that is a name from a host."""
    named = re.fullmatch(r"[\w.-]+(?::\d+)?", sample.agent or "", re.ASCII) is not None
    sample = replace(sample, agent=None) if named else sample
    return replace(sample, host="api.example.com") if sample.host[0].isdigit() else sample


def _squid(sample: Sample) -> str:
    return (
        f"{sample.epoch} {sample.duration // 1_000:6} {sample.address} "
        f"TCP_MISS/{sample.status:03} {sample.size} {sample.method} http://{sample.host}{sample.target} "
        f"{sample.user or '-'} HIER_DIRECT/192.0.2.10 text/html"
    )


def _absolute(scheme: str) -> Callable[[Sample], Mapping[str, object]]:
    return lambda sample: {"target": f"{scheme}://{sample.host}{asked(sample.target)}", "host": sample.host}


def _envoy(sample: Sample) -> str:
    return (
        f'[{sample.utc:%FT%T}.{sample.moment // 1_000 % 1_000:03}Z] "{sample.method} {sample.target} HTTP/1.1" '
        f'{sample.status} - 0 {sample.size} {sample.duration // 1_000} 4 "{sample.address}" "{sample.agent or "-"}" '
        f'"84961386-6d84-929d-98bd-c5aee93b5c88" "{sample.host}" "192.0.2.10:80"'
    )


def _istio(sample: Sample) -> str:
    peer = f"[{sample.address}]:{sample.port}" if ":" in str(sample.address) else f"{sample.address}:{sample.port}"
    return (
        f'[{sample.utc:%FT%T}.{sample.moment // 1_000 % 1_000:03}Z] "{sample.method} {sample.target} HTTP/1.1" '
        f'{sample.status} - via_upstream - "-" 0 {sample.size} {sample.duration // 1_000} 4 "{sample.address}" '
        f'"{sample.agent or "-"}" "84961386-6d84-929d-98bd-c5aee93b5c88" "{sample.host}" "192.0.2.10:80" '
        f"inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 {peer} outbound_.8000_._.{sample.host} default"
    )


_envoy_tame = without('"', "agent")
"""Nothing is escaped."""


def _no_blanks(sample: Sample) -> Sample:
    user = sample.user.replace(" ", "_") if sample.user else None
    return replace(sample, user=user)


WRITERS = (
    Writer(
        "haproxy",
        "haproxy",
        _haproxy,
        "client method target status bytes agent referer host duration",
        tick=1_000,
        offset=WALL,
        also=_captured,
        tame=_named_host,
    ),
    Writer(
        "squid",
        "squid",
        _squid,
        "client method target status bytes user duration",
        tick=1_000,
        offset=0,
        also=_absolute("http"),
        tame=_no_blanks,
    ),
    Writer(
        "envoy_text",
        "envoy",
        _envoy,
        "client method target status bytes agent host duration",
        tick=1_000,
        offset=0,
        tame=_envoy_tame,
    ),
    Writer(
        "envoy_text",
        "istio",
        _istio,
        "client method target status bytes agent host duration",
        tick=1_000,
        offset=0,
        tame=_envoy_tame,
    ),
)
