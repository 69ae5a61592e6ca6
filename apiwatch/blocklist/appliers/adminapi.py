"""What the administration interface of a server on this machine says, as JSON."""

from typing import Any

from apiwatch.errors import ApplyError
from apiwatch.text import plain

__all__ = ["ask"]

_TIMEOUT_S = 5.0


def ask(url: str, *, missing: Any = None) -> Any:
    """GET a document; `missing` stands for a 404. ApplyError when the server does not answer with JSON.

    Proxies of the environment are not asked: the interface is on this machine. Certificates are read
    only where they are needed: that takes long.
    """
    import httpx  # loads rich where that is installed

    try:
        with httpx.Client(trust_env=False, timeout=_TIMEOUT_S, verify=url.startswith("https:")) as client:
            answer = client.get(url)
    except httpx.HTTPError as error:
        raise ApplyError(f"{plain(url, 200)} does not answer ({type(error).__name__}); does the server run?") from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        return missing
    if answer.status_code != httpx.codes.OK:
        raise ApplyError(f"{plain(url, 200)} answers {answer.status_code}; is it the administration interface?")
    try:
        return answer.json()
    except ValueError:
        raise ApplyError(f"{plain(url, 200)} does not answer with JSON; is it the administration interface?") from None
