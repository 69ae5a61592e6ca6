"""Where things lie: the usual logs, the state directory, the key for hashes of credentials."""

import glob
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from apiwatch.config import Settings, state_path
from apiwatch.errors import InputError

__all__ = ["USUAL_PLACES", "salt", "state_directory", "usual_logs"]

USUAL_PLACES = (
    "/var/log/nginx/*access*.log",
    "/var/log/apache2/*access*.log",
    "/var/log/httpd/*access*log",
    "/var/log/caddy/*access*.log",
    "/var/log/traefik/*access*.log",
    "/var/log/haproxy.log",
)
"""Access logs as the packages of nginx, Apache, Caddy, Traefik and HAProxy write them."""

_SALT_BYTES = 16


def usual_logs(places: Sequence[str] = USUAL_PLACES) -> tuple[str, ...]:
    """The usual places that hold a readable log now, as they are (globs stay globs, so that new files are found).

    Raises InputError when there are none; the text tells a file that may not be read from no file at all.
    """
    found = [(place, glob.glob(place)) for place in places]  # noqa: PTH207  absolute patterns, as the sources take them
    readable = tuple(place for place, files in found if any(os.access(file, os.R_OK) for file in files))
    if readable:
        return readable
    denied = [file for _, files in found for file in files]
    if denied:
        raise InputError(
            f"{denied[0]} may not be read by this user; run apiwatch as root or in the group of the log (often `adm`), "
            "or try `apiwatch demo`"
        )
    raise InputError(
        "no access log found in the usual places of nginx, Apache, Caddy, Traefik and HAProxy; name one: "
        "`apiwatch /path/to/access.log`, pipe one in: `kubectl logs -f ... | apiwatch -`, or try `apiwatch demo`"
    )


def state_directory() -> Path:
    """The directory of the default state file; log files of crashes lie there too."""
    return state_path(Settings(), None).parent


def salt() -> bytes:
    """Key for hashes of credentials: one per user, so that the same token has the same name in every state file.

    It is made on first use; a directory that cannot be written gives a key for this run only.
    """
    try:
        path = state_directory() / "salt"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f"salt.{os.getpid()}")
            new.touch(mode=0o600)
            new.write_bytes(secrets.token_bytes(_SALT_BYTES))
            try:
                os.link(new, path)
            except FileExistsError:
                pass
            finally:
                new.unlink()
        key = path.read_bytes()
    except (OSError, RuntimeError):
        return secrets.token_bytes(_SALT_BYTES)
    return key if len(key) == _SALT_BYTES else secrets.token_bytes(_SALT_BYTES)
