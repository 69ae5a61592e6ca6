"""JSON over HTTP to one service: bounded in time, patient where that helps, and without its secret in any text."""

import json
import time
import weakref
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from apiwatch.blocklist.remote.options import Secret
from apiwatch.errors import ApplyError, UsageError
from apiwatch.text import one_line

if TYPE_CHECKING:
    import httpx

__all__ = ["Api", "Missing"]

_TIMEOUT_S, _CONNECT_S = 15.0, 5.0
_ATTEMPTS = 5
_PATIENCE_S = 60.0
"""All waiting of one call together; longer than that nobody waits at three in the morning."""

_BACKOFF_S = 0.5
_SAFE_AGAIN = frozenset({"GET", "PUT", "DELETE"})
"""What can be sent twice (RFC 9110, section 9.2.2); the others only when the service has surely not done it."""


class Missing(ApplyError):
    """The service knows nothing under this address (404)."""


class Api:
    """One service under a base address.

    429 and 503 are obeyed (Retry-After), other 5xx and lost connections tried again with growing pauses where sending
    twice does no harm. What fails in the end is an ApplyError that says what to do; nothing is queued, so that running
    the command again is all that is needed. Redirects are not followed: the secret stays with its service.
    """

    def __init__(
        self,
        service: str,
        base: str,
        secret: Secret,
        headers: Mapping[str, str],
        *,
        rights: str,
        ca_file: str = "",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`rights`: what the secret must allow, for the sentence about 401 and 403. UsageError for a bad `base`."""
        import httpx  # loads rich where that is installed

        self._service = service
        self._secret = secret
        self._rights = rights
        self._sleep = sleep
        self.headers = dict(headers)
        """Of each call."""
        url = _checked(base, service)
        try:
            self._client = httpx.Client(
                base_url=url,
                timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S),
                verify=_context(ca_file),
                follow_redirects=False,
                trust_env=not _is_here(httpx.URL(url).host),  # what is sent to this machine goes through no proxy
            )
            weakref.finalize(self, self._client.close)
        except OSError as error:
            raise UsageError(f"{service}: {one_line(ca_file, 200)} cannot be read: {error.strerror}") from None

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
        content_type: str = "application/json",
        again: bool = False,
    ) -> Any:
        """The JSON of an answer; None when it has none. `again`: this call may be sent twice whatever its method.

        Raises Missing for 404, ApplyError for everything else that is no success.
        """
        import httpx

        content = None if body is None else json.dumps(body).encode()
        left = _PATIENCE_S
        repeatable = again or method in _SAFE_AGAIN
        for attempt in range(_ATTEMPTS):
            pause = _BACKOFF_S * 2**attempt
            headers = {**self.headers, **({} if content is None else {"Content-Type": content_type})}
            try:
                answer = self._client.request(method, path, content=content, params=params, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                why = f"cannot be reached ({self._clean(str(error))})"
            except httpx.HTTPError as error:
                why = f"did not answer in full ({self._clean(str(error) or type(error).__name__)})"
                if not repeatable:
                    raise self._failed(f"{why}, so that it is not known whether it did as told") from None
            else:
                if answer.is_success:
                    return self._read(answer)
                why = self._refusal(answer)
                if answer.status_code in (429, 503):
                    pause = max(pause, _retry_after(answer))
                elif answer.status_code < 500 or not repeatable:
                    raise self._error(answer, why)
            if attempt == _ATTEMPTS - 1 or pause > left:
                break
            left -= pause
            self._sleep(pause)
        raise self._failed(why)

    def poll(self, look: Callable[[], bool], what: str) -> None:
        """Call `look` until it says True; ApplyError when that takes longer than a minute."""
        left, pause = _PATIENCE_S, _BACKOFF_S
        while not look():
            if pause > left:
                raise self._failed(f"has not finished {what} within a minute")
            left -= pause
            self._sleep(pause)
            pause = min(2 * pause, 5.0)

    def refused(self, answer: object, what: str) -> ApplyError:
        """The error for an answer that is a success by its status and not by what it says."""
        return self._failed(f"did not {what}: {self._clean(json.dumps(answer, default=str))}")

    def _read(self, answer: "httpx.Response") -> Any:
        if not answer.content.strip():
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise self._failed("answered with something else than JSON; is its address right?") from None

    def _refusal(self, answer: "httpx.Response") -> str:
        said = self._clean(answer.content[:2000].decode("utf-8", "replace"))
        return f"answered {answer.status_code}" + (f": {said}" if said else "")

    def _error(self, answer: "httpx.Response", why: str) -> ApplyError:
        if answer.status_code in (401, 403):
            return ApplyError(
                f"{self._service} refuses the secret in {self._secret.where} ({answer.status_code}): it is wrong, "
                f"expired, or lacks the rights; it needs: {self._rights}. Nothing was changed by this call"
            )
        if answer.status_code == 404:
            return Missing(f"{self._service} {why}; check the names and ids in the settings")
        if answer.is_redirect:
            return self._failed("redirects elsewhere, and secrets are not sent elsewhere; set its real address")
        return ApplyError(f"{self._service} {why}; nothing was changed by this call")

    def _failed(self, why: str) -> ApplyError:
        return ApplyError(f"{self._service} {why}; run the command again, it goes on where it stopped")

    def _clean(self, text: str) -> str:
        return one_line(" ".join(text.replace(self._secret.value, "***").split()), 300)


def _checked(base: str, service: str) -> str:
    import httpx

    try:
        url = httpx.URL(base)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise UsageError(f"{service}: `{one_line(base, 200)}` is no address such as https://host/path; correct `url`")
    if url.scheme == "http" and not _is_here(url.host):
        raise UsageError(
            f"{service}: {one_line(base, 200)} would send the secret in clear; use https, or a tunnel to 127.0.0.1"
        )
    return base.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(ca_file: str) -> Any:
    if not ca_file:
        return True
    import ssl

    return ssl.create_default_context(cafile=ca_file)


def _retry_after(answer: "httpx.Response") -> float:
    """Seconds that a service asks to wait (RFC 9110, section 10.2.3); 0 when it does not say."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0
