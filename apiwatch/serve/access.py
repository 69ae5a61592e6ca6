"""Who may come in: the name that was asked for, the page that asks, the token.

A web site that a responder visits can let the browser ask us, too: by a name of its own that points at our address (DNS
rebinding), or by opening our websocket from its page (websockets know no same-origin policy, RFC 6455 section 10.2).
"""

import hmac
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import urlsplit

__all__ = ["Access"]

_SESSIONS = 1000
_CODES = 20


class Access:
    """The rules of one server. Without a token everybody comes in who asks by a right name from a right page."""

    def __init__(self, token: str | None, names: Iterable[str] = ()) -> None:
        self._token = token
        self._names = {"localhost", *(name.lower() for name in names)}
        self._sessions: OrderedDict[bytes, None] = OrderedDict()
        self._codes: OrderedDict[bytes, None] = OrderedDict()

    @property
    def asks(self) -> bool:
        """Whether a token is needed."""
        return self._token is not None

    def refusal(self, host: str, origin: str | None, site: str | None = None) -> str:
        """Why a request with these headers (Host, Origin, Sec-Fetch-Site) is refused; '' when it is not.

        A page of another site cannot forge them: a browser sets all three.
        """
        if not self._is_ours(host):
            return "this server does not go by that name; start it with --host NAME if it should"
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "a page of another site may not use this server"
        if site is not None and site not in ("same-origin", "none"):
            return "another site may not use this server"
        return ""

    def _is_ours(self, host: str) -> bool:
        """An address names itself, so that nobody can let another name point at it."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True

    def is_token(self, text: str | None) -> bool:
        """Whether this is the token, in constant time."""
        return self._token is not None and text is not None and hmac.compare_digest(_digest(text), _digest(self._token))

    def admits(self, session: str | None, authorization: str | None) -> bool:
        """Whether a request with this cookie or this Authorization header comes in."""
        if self._token is None or (session is not None and _digest(session) in self._sessions):
            return True
        scheme, _, credentials = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(credentials.strip())

    def new_session(self) -> str:
        """A cookie's value for somebody who has shown the token; the oldest of many is forgotten."""
        return _remembered(self._sessions, _SESSIONS)

    def new_code(self) -> str:
        """What stands in a link that lets one browser in, once."""
        return _remembered(self._codes, _CODES)

    def takes_code(self, code: str) -> bool:
        """Whether the code of a link is good; it is not good again."""
        return self._codes.pop(_digest(code), self) is None


def _remembered(known: "OrderedDict[bytes, None]", most: int) -> str:
    value = secrets.token_urlsafe(32)
    known[_digest(value)] = None
    while len(known) > most:
        known.popitem(last=False)
    return value


def _digest(text: str) -> bytes:
    """Secrets are kept and compared as digests: equal in length, and telling nothing by the time a look-up takes."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
