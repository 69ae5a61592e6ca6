"""What a route is for, by the words in its template (design of outcome inference: route roles by name)."""

import re
from collections.abc import Iterable

__all__ = ["LOGIN", "STATIC", "is_blind", "lets_nobody_in", "roles_of", "roles_told", "shows_previews"]

LOGIN = "login"

_WORDS = {
    "login": "login",
    "logon": "login",
    "signin": "login",
    "sign": "login",
    "auth": "login",
    "authenticate": "login",
    "token": "login",
    "session": "login",
    "sessions": "login",
    "oauth": "login",
    "wp-login": "login",
    "jwt": "login",
    "otp": "code",
    "mfa": "code",
    "2fa": "code",
    "verify": "code",
    "reset": "reset",
    "forgot": "reset",
    "recover": "reset",
    "recovery": "reset",
    "password": "reset",
    "register": "signup",
    "signup": "signup",
    "lookup": "lookup",
    "search": "search",
    "export": "export",
    "download": "export",
}
_ACCOUNT = frozenset({"login", "code", "reset", "signup"})
_NO_LOGIN = frozenset({"logout", "signout", "logoff", "refresh", "revoke", "introspect"})
"""Words beside which `auth` or `token` does not mean that somebody logs in."""

_SURELY_LOGIN = frozenset({"login", "logon", "signin", "authenticate", "wp-login"})
_FORM = _SURELY_LOGIN | {"sign-in"}
_FRONT = frozenset({"admin", "administrator", "phpmyadmin"})
"""Front pages of an administration: who posts to one logs in."""

_INDEX = re.compile(r"index\.[a-z]{2,5}").fullmatch
STATIC = (
    ".css", ".js", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".avif", ".woff", ".woff2",
    ".ttf", ".eot", ".mp3", ".mp4", ".webm", ".m3u8", ".ts",
)  # fmt: skip
"""Ends of the names of files that belong to a page."""

_PREVIEWS = frozenset({"preview", "previews", "thumb", "thumbs", "thumbnail", "thumbnails"})
"""Words for small pictures that are made later than what they show, if ever, and asked for by the dozen."""

_BLIND = frozenset({"code", "lookup", "reset", "signup"})
_SPLIT = re.compile(r"[/_.\s-]+").split
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])").sub
_DEPTH = 2


def roles_of(method: str, template: str) -> tuple[str, ...]:
    """Roles of a route, in alphabetical order, by the words of its last two segments; account roles need POST or PUT.

    >>> roles_of("POST", "/api/v1/login"), roles_of("GET", "/api/v1/login"), roles_of("POST", "/resetPassword")
    (('login',), (), ('reset',))
    """
    words: set[str] = set()
    for segment in template.split("/")[1:][-_DEPTH:]:
        if "{" not in segment:
            words.add(segment.lower())
            words.update(_SPLIT(_CAMEL("-", segment).lower()))
    roles = {_WORDS[word] for word in words if word in _WORDS}
    if _front_page(template) in _FRONT:
        roles.add(LOGIN)
    if not words.isdisjoint(_NO_LOGIN) or ("sign" in words and "in" not in words):
        roles.discard("login")
    if not roles.isdisjoint(_BLIND) and words.isdisjoint(_SURELY_LOGIN):
        roles.discard("login")
    if method not in {"POST", "PUT"}:
        roles -= _ACCOUNT
    return tuple(sorted(roles))


def roles_told(method: str, template: str, names: Iterable[str], tags: Iterable[str]) -> tuple[str, ...]:
    """Roles of a specified operation beyond those of its template: by its operationId, and by tags that are a role.

    A tag often stands for all that has to do with accounts, so that it gives a role only to a path without parameters.

    >>> roles_told("POST", "/v1/in", ["createLogin"], []), roles_told("POST", "/v1/things/{id}", ["addThing"], ["auth"])
    (('login',), ())
    """
    found: set[str] = set()
    for name in names:
        found.update(roles_of(method, "/" + "-".join(_SPLIT(_CAMEL("-", name)))))
    if "{" not in template and not any(name in template.lower() for name in _NO_LOGIN):
        found.update(_WORDS[tag.lower()] for tag in tags if tag.lower() in _WORDS and method == "POST")
    return tuple(sorted(found))


def lets_nobody_in(template: str) -> bool:
    """Whether an answer from there says nothing about who got in: the form of a log-in, and files of its page.

    >>> lets_nobody_in("/wp-login.php"), lets_nobody_in("/assets/app.css"), lets_nobody_in("/auth/me")
    (True, True, False)
    """
    page = _front_page(template)
    if page in _FRONT or template.lower().endswith(STATIC):
        return True
    words = _SPLIT(_CAMEL("-", page).lower())
    return page in _FORM or not _FORM.isdisjoint(words) or words[:2] == ["sign", "in"]


def shows_previews(template: str) -> bool:
    """Whether a route holds previews of files: missing ones, and many in a row, are what a list of files looks like.

    >>> shows_previews("/files/{int}/preview"), shows_previews("/thumbs/{uuid}.jpg"), shows_previews("/orders/{int}")
    (True, True, False)
    """
    return any(not _PREVIEWS.isdisjoint(_SPLIT(segment.lower())) for segment in template.split("/")[-_DEPTH:])


def _front_page(template: str) -> str:
    """The last segment in lower case, or the one before the name of an index.

    >>> _front_page("/administrator/index.php"), _front_page("/Login/")
    ('administrator', 'login')
    """
    segments = [segment for segment in template.lower().split("/") if segment and not _INDEX(segment)]
    return segments[-1] if segments else ""


def is_blind(method: str, template: str, roles: tuple[str, ...]) -> bool:
    """Whether a route looks up or changes an account that stands in the body, where no access log shows it.

    >>> is_blind("POST", "/password/reset", ("reset",)), is_blind("POST", "/reset/{token}", ("reset",))
    (True, False)
    """
    return method == "POST" and "{" not in template and not _BLIND.isdisjoint(roles) and LOGIN not in roles
