"""Newer networks of CDNs, from where their owners publish them; a list that cannot be right replaces nothing."""

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.blocklist.networks import Network, parse_network, united, without
from apiwatch.blocklist.proxies import Provider, usable
from apiwatch.errors import GuardError, InputError
from apiwatch.text import one_line, plain

if TYPE_CHECKING:
    import httpx

__all__ = ["SOURCES", "TOR", "Source", "fetch", "handed_in", "networks_of", "pages", "read_files"]

_MOST_BYTES = 16 << 20
_PATIENCE_S = 20.0
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Source:
    """Where the networks of one owner are published."""

    name: str
    urls: tuple[str, ...]
    """https only; the networks of all of them together. Without any, the owner publishes files for people only."""
    read: Callable[[Sequence[bytes]], Iterator[str]]
    """Texts of networks; ValueError, KeyError, TypeError or AttributeError for another shape."""


def fetch(source: Source, before: Provider | None, client: "httpx.Client") -> Provider:
    """The networks as they are published now; GuardError, in a sentence, when they cannot be had or cannot be right."""
    networks = networks_of(source, pages(source, client), " and ".join(source.urls))
    return _provider(source, networks, before, datetime.now(UTC).date(), " and ".join(source.urls))


def handed_in(source: Source, before: Provider | None, paths: Sequence[Path]) -> Provider:
    """The networks of files that somebody fetched, as of the time of the oldest; GuardError as `fetch`.

    InputError when a file cannot be read.
    """
    bodies, changed = read_files(paths)
    names = one_line(" and ".join(path.name for path in paths), _SHOWN)
    as_of = datetime.fromtimestamp(changed, UTC).date()
    if before is not None and as_of < before.as_of:
        raise GuardError(f"{source.name}: {names} is of {as_of}, and the list that is known of {before.as_of}")
    return _provider(source, networks_of(source, bodies, names), before, as_of, f"{names}, handed in")


def read_files(paths: Sequence[Path]) -> tuple[list[bytes], float]:
    """What files hold, and when the oldest of them was written, in seconds since the epoch; InputError."""
    bodies: list[bytes] = []
    times: list[float] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                bodies.append(file.read(_MOST_BYTES + 1))
            times.append(path.stat().st_mtime)
        except OSError as error:
            raise InputError(f"{plain(str(path))} cannot be read: {error.strerror}; name a file") from None
        if len(bodies[-1]) > _MOST_BYTES:
            raise InputError(f"{plain(str(path))} is longer than any such list; name another file")
    return bodies, min(times)


def pages(source: Source, client: "httpx.Client") -> list[bytes]:
    """What the addresses of a source answer; GuardError when one cannot be had."""
    import httpx

    bodies: list[bytes] = []
    for url in source.urls:
        if not url.startswith("https://"):
            raise GuardError(f"{source.name}: {plain(url, 100)} is not https, and anybody on the way could change it")
        try:
            bodies.append(_body(url, client))
        except httpx.HTTPError as error:
            raise GuardError(
                f"{source.name}: {url} cannot be fetched: {plain(str(error) or type(error).__name__, 200)}"
            ) from None
        except GuardError as error:
            raise GuardError(f"{source.name}: {url}: {error}") from None
    return bodies


def networks_of(source: Source, bodies: Sequence[bytes], where: str) -> list[Network]:
    """The networks in what a source answers; GuardError when it has another form."""
    try:
        return [parse_network(text) for text in source.read(bodies)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise GuardError(f"{source.name}: {where} has another form than before; update apiwatch") from None
    except GuardError as error:
        raise GuardError(f"{source.name}: {where}: {error}") from None


def _provider(
    source: Source, networks: Sequence[Network], before: Provider | None, as_of: date, where: str
) -> Provider:
    try:
        return Provider(source.name, as_of, where, usable(networks, before))
    except GuardError as error:
        raise GuardError(f"{source.name}: {error}, so the list that is known stays") from None


def _body(url: str, client: "httpx.Client") -> bytes:
    """At most `_MOST_BYTES`; a redirection is an error, for it could lead anywhere."""
    body = bytearray()
    with client.stream("GET", url, timeout=_PATIENCE_S, follow_redirects=False) as answer:
        if answer.status_code != 200:
            raise GuardError(f"the server answers {answer.status_code}")
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES:
                raise GuardError("the answer is too long")
    return bytes(body)


def _lines(bodies: Sequence[bytes]) -> Iterator[str]:
    for body in bodies:
        yield from body.decode("ascii").split()


def _fastly(bodies: Sequence[bytes]) -> Iterator[str]:
    for body in bodies:
        read = json.loads(body)
        yield from read["addresses"]
        yield from read["ipv6_addresses"]


def _aws(*services: str) -> Callable[[Sequence[bytes]], Iterator[str]]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html."""

    def read(bodies: Sequence[bytes]) -> Iterator[str]:
        for body in bodies:
            known = json.loads(body)
            for group, key in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
                for row in known[group]:
                    if row["service"] in services:
                        yield str(ipaddress.ip_network(row[key]))

    return read


def _google(bodies: Sequence[bytes]) -> Iterator[str]:
    """All of Google's networks without those that customers can rent: https://support.google.com/a/answer/10026322.

    Rows of the list of customers' networks name a service, those of the whole list do not.
    """
    rows = [row for body in bodies for row in json.loads(body)["prefixes"]]
    whole, rented = (
        united(
            parse_network(row["ipv4Prefix"] if "ipv4Prefix" in row else row["ipv6Prefix"])
            for row in rows
            if ("service" in row) is is_rented
        )
        for is_rented in (False, True)
    )
    if not whole or not rented:
        raise ValueError("one of the two lists is missing")
    for network in whole:
        near = [each for each in rented if each.version == network.version and each.overlaps(network)]
        if all(each.prefixlen > network.prefixlen for each in near):
            yield from map(str, without(network, near))


def _azure(tag: str) -> Callable[[Sequence[bytes]], Iterator[str]]:
    """https://learn.microsoft.com/azure/virtual-network/service-tags-overview."""

    def read(bodies: Sequence[bytes]) -> Iterator[str]:
        for body in bodies:
            for row in json.loads(body)["values"]:
                if row["name"] == tag:
                    yield from row["properties"]["addressPrefixes"]

    return read


_AWS = ("https://ip-ranges.amazonaws.com/ip-ranges.json",)
_AKAMAI = "https://techdocs.akamai.com/property-manager/pdfs/akamai_ipv"
_GOOGLE = "https://www.gstatic.com/ipranges/"

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("cloudflare", ("https://www.cloudflare.com/ips-v4", "https://www.cloudflare.com/ips-v6"), _lines),
        Source("fastly", ("https://api.fastly.com/public-ip-list",), _fastly),
        Source("cloudfront", _AWS, _aws("CLOUDFRONT", "CLOUDFRONT_ORIGIN_FACING")),
        Source("route53-health", _AWS, _aws("ROUTE53_HEALTHCHECKS")),
        Source("akamai", (f"{_AKAMAI}4_CIDRs.txt", f"{_AKAMAI}6_CIDRs.txt"), _lines),
        Source("google", (f"{_GOOGLE}goog.json", f"{_GOOGLE}cloud.json"), _google),
        Source("azure-front-door", (), _azure("AzureFrontDoor.Backend")),
    )
}
"""Providers that publish their networks in a form for programs; the others change with apiwatch."""

TOR = Source("tor-exits", ("https://check.torproject.org/torbulkexitlist",), _lines)
"""Where the Tor network says at which addresses it comes out: every 40 minutes, those of the last two days."""
