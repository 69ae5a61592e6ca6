"""Credentials in log lines: found, hashed under a secret key, and never kept in clear."""

import re
from hashlib import blake2b

from apiwatch.patterns import late

__all__ = ["REDACTED", "from_header", "hashed", "redact", "redact_line", "token_in"]

REDACTED = "***"

_IDENTIFY = (
    r"(?:x[_-])?api[_-]?(?:key|token)|(?:access|auth|oauth|id|refresh|bearer|session|user|security|csrf)[_-]?token|token"
    r"|x-amz-(?:signature|security-token)|sig|signature|jwt|bearer|session[_-]?id|(?:php|j|asp)?sess(?:ion)?id|sid"
    r"|authorization|auth|session|key"
)
_HIDDEN = r"(?:client[_-]?)?secret|passw(?:or)?d|passphrase|passcode|pwd|pass|pw|pin|otp"
_IN_QUERY = late(rf"((?:[?&;]|\\u0026)(?:{_IDENTIFY}|{_HIDDEN})=)([^&;\s\"#\\]+)", re.IGNORECASE)
_IN_LINE = late(rf"((?:^|[\s,'(])(?:{_IDENTIFY}|{_HIDDEN})=)([^&;\s\"'#\\,)]+)", re.IGNORECASE)
_SCHEME = late(r"\b(bearer|basic|digest|negotiate)([ +]|%20)[\w.~+/=%-]{8,}", re.IGNORECASE | re.ASCII)
_JWT = late(r"eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?", re.ASCII)
_FIELD = late(
    rf"""("(?:[\w.-]{{1,40}}[_.-])?(?:{_IDENTIFY}|{_HIDDEN}|(?:set-)?cookie)"\s*:\s*\[?\s*")((?:[^"\\]|\\.)*)""",
    re.IGNORECASE,
)
_TOKEN = late(rf"[?&;](?:{_IDENTIFY})=([^&;\s\"#]+)", re.IGNORECASE)
_IN_URL = late(r"((?::|%3A)//)([^/?#\s@]{1,200})(@|%40)", re.IGNORECASE)
"""Also as servers write an absolute URL that they take for a path and escape (uvicorn)."""


def redact(text: str) -> str:
    """The text with `***` for values of credential parameters, `user:password@` of URLs, bearer tokens and JWTs.

    >>> redact("GET /a?api_key=s3cret&x=1")
    'GET /a?api_key=***&x=1'
    """
    if "=" in text:
        text = _IN_QUERY.sub(r"\1***", text)
    if "@" in text or "%40" in text:
        text = _IN_URL.sub(r"\1***\3", text)
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if (" " in text or "+" in text or "%20" in text) and _SCHEME.search(text) is not None:
        text = _SCHEME.sub(r"\1\2***", text)
    return text


def redact_line(text: str) -> str:
    """A whole log line, as `redact`; also credentials in JSON fields, and behind `name=` in the middle of the text.

    >>> redact_line('{"authorization":"Custom abc","path":"/a"}')
    '{"authorization":"***","path":"/a"}'
    """
    text = redact(text)
    if "=" in text:
        text = _IN_LINE.sub(r"\1***", text)
    return _FIELD.sub(r"\1***", text) if '":' in text or '" :' in text else text


def token_in(target: str) -> str | None:
    """The first credential in a request target that tells who asks, None when there is none.

    Passwords are redacted, but do not tell who asks: two users may have the same.
    """
    if "=" in target:
        found = _TOKEN.search(target)
        if found is not None and found[1] != REDACTED:
            return found[1]
    if "@" in target or "%40" in target:
        found = _IN_URL.search(target)
        if found is not None and found[2] != REDACTED:
            return found[2]
    return None


def from_header(value: object) -> str | None:
    """The credential in a logged header (Authorization, Cookie, an API key), None when the value was masked.

    `Bearer x` and `bearer x` are the same credential.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text in {"", "-", "REDACTED", "[REDACTED]", "[FILTERED]"} or not text.strip("*x."):
        return None
    scheme, blank, rest = text.partition(" ")
    return f"{scheme.lower()} {rest.strip()}" if blank and "=" not in scheme else text


def hashed(credential: str, salt: bytes) -> str:
    """Keyed hash of a credential, 16 hexadecimal digits: equal credentials are equal, the value cannot be had back."""
    data = credential.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=8, key=salt[:64]).hexdigest()
