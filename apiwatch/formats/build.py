"""From the fields of a line to a `Request`: one place for targets, hosts, cleaning and credentials."""

import re

from apiwatch.formats.addresses import Addresses
from apiwatch.formats.caches import Cache
from apiwatch.formats.clock import WallClock
from apiwatch.formats.credentials import hashed, redact, token_in
from apiwatch.formats.times import Moment, Times
from apiwatch.model import Auth, Request
from apiwatch.text import plain

__all__ = ["MAX_INT", "TARGET_LIMIT", "Builder", "Wanted", "clean_host", "split_request", "split_target"]

MAX_INT = (1 << 63) - 1
"""Largest number that a store can hold; a larger size in a line is no size."""

TARGET_LIMIT = 8_192
"""Longest request target that is kept, in characters: what servers accept as a request line by default."""

_LONGEST_S = 366 * 86_400.0
"""A longer duration is a number in another unit, or one that somebody made up."""

_KEPT = 8_192
_VERSION = re.compile(r"[A-Z]+/\d(?:\.\d)?", re.ASCII)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://", re.ASCII)


Wanted = tuple[str | None, str | None, str, str, str | None, str | None]
"""What a request line asks for, cleaned: method, target, path, query, host of an absolute target, salted hash of a
credential in the target."""

_USUAL_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_USUAL_VERSIONS = frozenset({"HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/2", "HTTP/3.0"})
_NOTHING: Wanted = (None, None, "", "", None, None)


class Builder:
    """Shared by the formats of one source: caches and the policy of clients and credentials."""

    def __init__(
        self, addresses: Addresses, salt: bytes, clock: WallClock | None = None, client_header: str | None = None
    ) -> None:
        self.addresses = addresses
        self.client_header = client_header.lower() if client_header else None
        """Name of the header, in lower case, in which trusted proxies name the client; it beats X-Forwarded-For."""
        self.clock = clock or WallClock()
        self.times = Times()
        self.salt = salt
        self.requests: Cache[Wanted] = Cache(self._request_line, _KEPT)
        """Request line -> what it asks for."""
        self.targets: Cache[Wanted] = Cache(self._method_and_target, _KEPT)
        """Method, blank, target (two fields of the line) -> what they ask for."""
        self.texts: Cache[str | None] = Cache(_text, _KEPT)
        """User agents and users -> cleaned and redacted; '' and '-' are absent."""
        self.referers: Cache[str | None] = Cache(_text, _KEPT)
        """Referers, in the same way."""
        self.hosts: Cache[str | None] = Cache(clean_host, _KEPT)
        """Host field -> lower case, without port."""

    def wanted(self, method: str | None, target: str | None, request: str | None) -> Wanted:
        """What is asked for by separate fields, else by a request line."""
        if target is not None and (method is not None or request is None):
            return self.targets[f"{method or ''} {target}"]
        return self.requests[request] if request is not None else _NOTHING

    def hash(self, credential: str | None) -> str | None:
        """Salted hash of a credential."""
        return hashed(credential, self.salt) if credential else None

    def request(
        self,
        when: Moment,
        peer: str,
        wanted: Wanted,
        status: int,
        line: int,
        *,
        client: str | None = None,
        forwarded: str | None = None,
        size: int | None = None,
        referer: str | None = None,
        user_agent: str | None = None,
        host: str | None = None,
        user: str | None = None,
        credential: str | None = None,
        duration_s: float | None = None,
        stated: Auth = Auth.UNKNOWN,
    ) -> Request:
        """The record with every text cleaned; absent fields ('', '-') become None.

        `client` is what a trusted product has already found out (None: from `forwarded` and the trusted proxies).
        """
        if duration_s is not None and not 0.0 <= duration_s <= _LONGEST_S:
            duration_s = None
        addresses = self.addresses
        peer = addresses.clean[peer]
        if client is None:
            client = addresses.client(peer, forwarded) if forwarded else peer
        else:
            client = addresses.clean[client] or peer
        method, target, path, query, authority, token = wanted
        return Request(
            when[0],
            client,
            peer or client,
            method,
            target,
            path,
            query,
            status,
            size,
            self.referers[referer] if referer is not None else None,
            self.texts[user_agent] if user_agent is not None else None,
            (self.hosts[host] if host is not None else None) or authority,
            self.texts[user] if user is not None else None,
            hashed(credential, self.salt) if credential else token,
            duration_s,
            line,
            when[1],
            stated,
        )

    def _request_line(self, text: str) -> Wanted:
        words = text.split(" ")
        if len(words) == 3 and words[2] in _USUAL_VERSIONS and words[0] in _USUAL_METHODS and _is_plain_path(words[1]):
            return words[0], words[1], words[1], "", None, None
        found, asked = split_request(text)
        return self._wanted(found, asked)

    def _method_and_target(self, text: str) -> Wanted:
        method, _, target = text.partition(" ")
        if method in _USUAL_METHODS and _is_plain_path(target):
            return method, target, target, "", None, None
        if method == "-" or target in {"", "-"}:
            return _NOTHING
        return self._wanted(method or None, target)

    def _wanted(self, method: str | None, target: str | None) -> Wanted:
        if target is None:
            return _NOTHING
        token = None
        if "=" in target or "@" in target or "%40" in target:
            token = self.hash(token_in(target))
            target = redact(target)
        target = plain(target, TARGET_LIMIT)
        authority, path, query = split_target(target)
        host = clean_host(authority) if authority is not None else None
        return plain(method, 32) if method is not None else None, target, path, query, host, token


def _is_plain_path(target: str) -> bool:
    """Whether a target is a path without query that needs no care: most of a log is that."""
    return (
        target[:1] == "/"
        and "?" not in target
        and "=" not in target
        and "@" not in target
        and target.isascii()
        and target.isprintable()
        and len(target) <= TARGET_LIMIT
    )


def split_request(text: str) -> tuple[str | None, str | None]:
    """(method, target) of a request line; (None, None) when it cannot be split (TLS bytes, `-`, nothing).

    The target keeps blanks inside and at its end.

    >>> split_request("GET /a b HTTP/1.1"), split_request("GET /"), split_request("HELP")
    (('GET', '/a b'), ('GET', '/'), (None, None))
    """
    method, blank, rest = text.partition(" ")
    if not blank or not method or not rest:
        return None, None
    target, blank, version = rest.rpartition(" ")
    if blank and (version in {"HTTP/1.1", "HTTP/2.0"} or _VERSION.fullmatch(version) is not None):
        return (method, target) if target else (None, None)
    if blank or not (method.isascii() and method.isalpha() and method.isupper()):
        return None, None
    return (method, rest) if rest[0] in "/*" or "://" in rest else (None, None)


def split_target(target: str) -> tuple[str | None, str, str]:
    """(host, path, query) of a request target; the host only of an absolute one.

    >>> split_target("https://h.example:443/p?q=1"), split_target("/p?q=1"), split_target("*")
    (('h.example:443', '/p', 'q=1'), (None, '/p', 'q=1'), (None, '', ''))
    """
    host: str | None = None
    if not target.startswith("/"):
        found = _ABSOLUTE.match(target)
        if found is None:
            if target == "*" or "/" not in target:
                return None, "", ""
            path, _, query = target.partition("?")
            return None, path, query
        rest = target[found.end() :]
        cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
        host, target = rest[:cut].rpartition("@")[2], rest[cut:] or "/"
        if target[0] != "/":
            target = "/" + target
    path, _, query = target.partition("?")
    return host, path, query


def clean_host(host: str) -> str | None:
    """A host in lower case without port, brackets and final dot; None for an absent one and for nginx's `_`."""
    if host in {"", "-", "_"}:
        return None
    host = plain(host, 255).lower()
    name, separator, port = host.rpartition(":")
    if separator and port.isdigit() and (":" not in name or name.endswith("]")):
        host = name
    return host.strip("[]").rstrip(".") or None


def _text(text: str) -> str | None:
    return None if text in {"", "-"} else plain(redact(text))
