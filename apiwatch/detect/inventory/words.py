"""Names that say more than they should: of hosts, of routes, of versions; and paths that stand for nothing."""

import re
from functools import lru_cache

from apiwatch.routes.personal import is_personal

__all__ = ["is_administration", "is_ordinary", "is_sensitive", "is_unpublic", "version_of"]

_UNPUBLIC = frozenset({
    "alpha", "backup", "bak", "beta", "debug", "demo", "dev", "devel", "development", "int", "internal", "intern",
    "intranet", "lab", "legacy", "local", "old", "preprod", "preview", "private", "qa", "sandbox", "stage", "staging",
    "stg", "test", "testing", "tst", "uat",
})  # fmt: skip
_ADMINISTRATION = frozenset({
    "actuator", "admin", "administrator", "admins", "audit", "backoffice", "backup", "config", "configs", "console",
    "credentials", "debug", "dump", "env", "export", "exports", "grafana", "heapdump", "impersonate", "internal",
    "keys", "manage", "management", "metrics", "root", "secret", "secrets", "sql", "staff", "sudo", "superuser",
    "swagger", "system", "token", "tokens",
})  # fmt: skip
_HEALTH = frozenset({
    "health", "healthcheck", "healthz", "heartbeat", "livez", "live", "ping", "ready", "readyz", "status", "up",
    "version",
})  # fmt: skip
_FILES = re.compile(
    r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|eot|otf|mp[34]|webm|ogg|m3u8|ts|html?|txt|xml|"
    r"pdf|zip|gz|rss|atom|webmanifest)$",
    re.IGNORECASE,
).search
_words = re.compile(r"[a-z0-9]+").findall
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])").sub
_VERSION = re.compile(r"v(\d{1,3})(?:\.\d+)?|(\d{4})-(\d\d)-(\d\d)", re.IGNORECASE).fullmatch
_DEPTH = 3


def is_unpublic(host: str) -> bool:
    """Whether the name of a host says that it is not for the public.

    >>> is_unpublic("api-old.example.com"), is_unpublic("www.example.com"), is_unpublic("test.io")
    (True, False, False)
    """
    labels = host.split(".")
    return not _UNPUBLIC.isdisjoint(_words(" ".join(labels[:-2])))


@lru_cache(maxsize=4_096)
def is_sensitive(template: str) -> bool:
    """Whether a route is about people, or about running the service.

    >>> is_sensitive("/internal/users/{int}"), is_sensitive("/v2/items")
    (True, False)
    """
    return is_personal(template) or is_administration(template)


def is_administration(template: str) -> bool:
    """Whether a route is about running the service.

    >>> is_administration("/v1/adminUsers"), is_administration("/v1/users")
    (True, False)
    """
    return not _ADMINISTRATION.isdisjoint(_words(_CAMEL("-", template).lower()))


@lru_cache(maxsize=4_096)
def is_ordinary(path: str) -> bool:
    """Whether a path stands for nothing: files of a page, what every browser, crawler and monitor asks for.

    >>> is_ordinary("/app.js"), is_ordinary("/"), is_ordinary("/api/health"), is_ordinary("/v1/users")
    (True, True, True, False)
    """
    last = path.rstrip("/").rpartition("/")[2].lower()
    return not last or last in _HEALTH or path.startswith("/.well-known/") or _FILES(path) is not None


@lru_cache(maxsize=4_096)
def version_of(template: str) -> tuple[str, int, str] | None:
    """(what stands before it, version, what follows) of a path with a version near its beginning; None without one.

    A date that names a version counts as a number, later ones are higher.

    >>> version_of("/api/v1/users/{int}"), version_of("/users/v1")
    (('/api', 1, '/users/{int}'), None)
    """
    segments = template.split("/")
    for at, segment in enumerate(segments[1 : _DEPTH + 1], 1):
        found = _VERSION(segment)
        if found is not None and at + 1 < len(segments):
            number = int(found[1]) if found[1] else int("".join(found.groups()[1:]))
            return "/".join(segments[:at]), number, "/" + "/".join(segments[at + 1 :])
    return None
