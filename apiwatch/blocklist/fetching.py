"""Newer networks of CDNs, from where their owners publish them; a list that cannot be right replaces nothing."""

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.proxies import Provider, usable
from apiwatch.errors import GuardError
from apiwatch.text import plain

__all__ = ["SOURCES", "Source", "fetch"]

_MOST_BYTES = 16 << 20
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where the networks of one owner are published."""

    name: str
    urls: tuple[str, ...]
    """https only; the networks of all of them together."""
    read: Callable[[bytes], Iterator[str]]
    """Texts of networks; ValueError, KeyError, TypeError or AttributeError for another shape."""


def fetch(source: Source, before: Provider | None, client: httpx.Client) -> Provider:
    """The networks as they are published now; GuardError, in a sentence, when they cannot be had or cannot be right."""
    networks: list[Network] = []
    for url in source.urls:
        if not url.startswith("https://"):
            raise GuardError(f"{source.name}: {plain(url, 100)} is not https, and anybody on the way could change it")
        try:
            networks += [parse_network(text) for text in source.read(_body(url, client))]
        except httpx.HTTPError as error:
            raise GuardError(
                f"{source.name}: {url} cannot be fetched: {plain(str(error) or type(error).__name__, 200)}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise GuardError(f"{source.name}: {url} answers in another form than before; update apiwatch") from None
        except GuardError as error:
            raise GuardError(f"{source.name}: {url}: {error}") from None
    try:
        merged = usable(networks, before)
    except GuardError as error:
        raise GuardError(f"{source.name}: {error}, so the list that is known stays") from None
    return Provider(source.name, datetime.now(UTC).date(), " and ".join(source.urls), merged)


def _body(url: str, client: httpx.Client) -> bytes:
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


def _lines(body: bytes) -> Iterator[str]:
    yield from body.decode("ascii").split()


def _fastly(body: bytes) -> Iterator[str]:
    read = json.loads(body)
    yield from read["addresses"]
    yield from read["ipv6_addresses"]


def _aws(service: str) -> Callable[[bytes], Iterator[str]]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html."""

    def read(body: bytes) -> Iterator[str]:
        known = json.loads(body)
        for group, key in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
            for row in known[group]:
                if row["service"] == service:
                    yield str(ipaddress.ip_network(row[key]))

    return read


_AWS = ("https://ip-ranges.amazonaws.com/ip-ranges.json",)

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("cloudflare", ("https://www.cloudflare.com/ips-v4", "https://www.cloudflare.com/ips-v6"), _lines),
        Source("fastly", ("https://api.fastly.com/public-ip-list",), _fastly),
        Source("cloudfront", _AWS, _aws("CLOUDFRONT")),
        Source("route53-health", _AWS, _aws("ROUTE53_HEALTHCHECKS")),
    )
}
"""Providers whose networks have an address of their own; the others change with apiwatch."""
