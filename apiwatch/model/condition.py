"""Conditions of block entries: which requests of a network are blocked, where the target sees requests.

A condition is true for a request that fits every part of it. Parts come from logs, so that an attacker may have chosen
them: what cannot be written for every target without doubt is refused here, once.
"""

import re
from dataclasses import asdict, dataclass
from urllib.parse import unquote

from apiwatch.errors import GuardError, UsageError
from apiwatch.patterns import late
from apiwatch.text import one_line

__all__ = ["ALWAYS", "Condition", "condition_fields", "condition_of", "parse_condition"]

_LONGEST = 200
_HOST = late(r"(?=.{1,200}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
_PATH = late(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+", re.ASCII)
_DOTS = late(r"/\.\.?(?:/|\Z)", re.ASCII)
_AGENT = late(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
_TEXT = late(r"(?:host=(?P<host>\S+))?(?:(?:\A| )path=(?P<path>\S+))?(?:(?:\A| )agent=(?P<agent>.+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a request must be for a block to be meant for it; '' stands for anything. Made by `condition_of`."""

    host: str = ""
    """Name of the host that it asks, in lower case, without a port."""
    path: str = ""
    """What its path is, or begins with up to a `/`: `/users` means `/users` and `/users/7`, and not `/users2`."""
    agent: str = ""
    """What its user agent contains, letter by letter."""

    def __bool__(self) -> bool:
        return bool(self.host or self.path or self.agent)

    def __str__(self) -> str:
        parts = (("host", self.host), ("path", self.path), ("agent", self.agent))
        return " ".join(f"{name}={value}" for name, value in parts if value)

    @property
    def is_narrow(self) -> bool:
        """It names a path or a user agent; a host alone may be all there is."""
        return bool(self.path or self.agent)

    def fits(self, host: str | None, path: str, agent: str | None) -> bool:
        """Whether it is true for a request, whose path may be written with `%`; what a log does not say fits nothing.

        >>> Condition(path="/users").fits(None, "/%75sers/7", None), Condition(agent="curl").fits(None, "/", None)
        (True, False)
        """
        known = path if "%" not in path else unquote(path)
        return (
            self.host in ("", host)
            and (not self.path or f"{known}/".startswith(f"{self.path}/"))
            and (not self.agent or self.agent in (agent or ""))
        )

    def covers(self, other: "Condition") -> bool:
        """Whether it is true for every request for which the other one is.

        >>> Condition().covers(Condition(path="/a")), Condition(path="/a").covers(Condition(path="/a/b", agent="x"))
        (True, True)
        """
        return (
            self.host in ("", other.host)
            and (not self.path or f"{other.path}/".startswith(f"{self.path}/"))
            and self.agent in other.agent
        )


ALWAYS = Condition()
"""Every request."""


def condition_of(host: str = "", path: str = "", agent: str = "") -> Condition:
    """The condition of parts that somebody typed; UsageError says what is wrong with one.

    >>> str(condition_of("API.example.com", "/users", "curl/8"))
    'host=api.example.com path=/users agent=curl/8'
    """
    host = host.lower() if host.isascii() else host
    if host and not _HOST.fullmatch(host):
        raise UsageError(f"`{one_line(host, 60)}` is no name of a host; write it like api.example.com, without a port")
    if path:
        _check_path(path)
    if agent and (len(agent) > _LONGEST or not _AGENT.fullmatch(agent)):
        raise UsageError(
            f"`{one_line(agent, 60)}` cannot be a part of a user agent: take a piece of it, of printable ASCII, of at "
            f"most {_LONGEST} characters, without a blank at an end"
        )
    return Condition(host, path, agent)


def parse_condition(text: str) -> Condition:
    """The condition that `str` made a text of, '' of `ALWAYS`; GuardError for anything else.

    >>> parse_condition("path=/users agent=a host=b").agent
    'a host=b'
    """
    found = _TEXT.fullmatch(text)
    try:
        made = condition_of(*(found[name] or "" for name in ("host", "path", "agent"))) if found else ALWAYS
    except UsageError as error:
        raise GuardError(str(error)) from None
    if str(made) != text:
        raise GuardError(f"`{one_line(text, 80)}` is no condition that apiwatch writes")
    return made


def condition_fields(text: str) -> dict[str, str] | None:
    """The parts of a stored condition, for JSON; None when there is none.

    >>> condition_fields("path=/users"), condition_fields("")
    ({'path': '/users'}, None)
    """
    made = parse_condition(text)
    return {name: value for name, value in asdict(made).items() if value} or None


def _check_path(path: str) -> None:
    shown = one_line(path, 60)
    if path == "/" or (path.endswith("/") and _PATH.fullmatch(path[:-1])):
        what = "is every path: leave it out" if path == "/" else f"means what `{shown[:-1]}` means: write that"
        raise UsageError(f"the path `{shown}` {what}")
    if "{" in path:
        raise UsageError(f"`{shown}` is a route and no path; name what its paths begin with, such as /users")
    if "?" in path or "%" in path:
        raise UsageError(f"`{shown}` is no path as servers compare it: write it decoded, and without the query")
    if not _PATH.fullmatch(path) or _DOTS.search(path) or len(path) > _LONGEST:
        raise UsageError(
            f"`{shown}` is no path that every server reads alike; write it like /users or /v1/login, without `//`, "
            f"`.` and `..`, with at most {_LONGEST} characters"
        )
