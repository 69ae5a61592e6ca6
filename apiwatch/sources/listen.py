"""Addresses to receive syslog at, and the sockets bound to them."""

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path
from typing import Literal, NamedTuple

from apiwatch.errors import InputError, UsageError
from apiwatch.patterns import late

__all__ = ["Endpoint", "bind", "bind_unix", "kernel_drops", "parse_endpoint"]

_URL = late(r"(?P<scheme>udp|tcp|tls)://(?:\[(?P<literal>[^\[\]]+)\]|(?P<host>[^\[\]:/]+)):(?P<port>\d{1,5})/?")
_RECEIVE_BYTES = 1 << 24
_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
_MEMINFO_DROPS = 8
_LONGEST_UNIX_PATH = 107
_FORMS = "use udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT (IPv6 in brackets) or unix:///PATH"


Scheme = Literal["udp", "tcp", "tls", "unix"]
_SCHEMES: dict[str, Scheme] = {"udp": "udp", "tcp": "tcp", "tls": "tls"}


class Endpoint(NamedTuple):
    """One --syslog option."""

    url: str
    scheme: Scheme
    host: str
    """Host name, address or, for unix, path."""
    port: int


def parse_endpoint(url: str) -> Endpoint:
    """Read a syslog URL; UsageError when it is none.

    >>> parse_endpoint("udp://[::1]:5514")
    Endpoint(url='udp://[::1]:5514', scheme='udp', host='::1', port=5514)
    """
    if url.startswith("unix://"):
        path = url.removeprefix("unix://")
        if not path.startswith("/") or path.endswith("/"):
            raise UsageError(f"--syslog {url}: {_FORMS}; the path must be absolute.")
        if len(os.fsencode(path)) > _LONGEST_UNIX_PATH:
            raise UsageError(f"--syslog {url}: the path is longer than {_LONGEST_UNIX_PATH} bytes; use a shorter one.")
        return Endpoint(url, "unix", path, 0)
    found = _URL.fullmatch(url)
    if found is None or not 1 <= int(found["port"]) <= 65_535:
        raise UsageError(f"--syslog {url}: {_FORMS}.")
    return Endpoint(url, _SCHEMES[found["scheme"]], found["literal"] or found["host"], int(found["port"]))


def bind(endpoint: Endpoint) -> list[socket.socket]:
    """Non-blocking sockets for every address of the host; may resolve a name, so call it in a thread.

    Raises InputError when the name is unknown, the port is taken or not ours to bind.
    """
    kind = socket.SOCK_DGRAM if endpoint.scheme == "udp" else socket.SOCK_STREAM
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=kind, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise InputError(
            f"--syslog {endpoint.url}: the host {endpoint.host!r} is unknown; give an address of this machine."
        ) from None
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                sockets.append(_bound(family, kind, address))
            except OSError as error:
                if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) and len(found) > 1:
                    continue
                raise
        if not sockets:
            raise OSError(errno.EADDRNOTAVAIL, "")
    except OSError as error:
        for one in sockets:
            one.close()
        raise _refusal(endpoint, error) from None
    return sockets


def _bound(family: int, kind: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, kind)
    try:
        one.setblocking(False)
        if kind == socket.SOCK_STREAM:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            _widen(one)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address[0] == "::" else 1)
        one.bind(address)
        if kind == socket.SOCK_STREAM:
            one.listen(128)
    except BaseException:
        one.close()
        raise
    return one


def _widen(one: socket.socket) -> None:
    """Make the receive buffer as large as the system allows."""
    for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, option, _RECEIVE_BYTES)
            return


def _refusal(endpoint: Endpoint, error: OSError) -> InputError:
    url = endpoint.url
    if error.errno == errno.EADDRINUSE:
        return InputError(
            f"--syslog {url}: port {endpoint.port} is in use by another program; stop it or use another port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return InputError(
            f"--syslog {url}: port {endpoint.port} is privileged and this user may not bind it; use a port above 1023."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"--syslog {url}: {endpoint.host} is not an address of this machine.")
    return InputError(f"--syslog {url}: cannot listen: {os.strerror(error.errno or 0)}.")


def bind_unix(endpoint: Endpoint) -> socket.socket:
    """A non-blocking datagram socket at a path that every local user may send to, like /dev/log.

    A socket that nobody answers on is replaced. Raises InputError when somebody answers, or the path is something else.
    """
    path = Path(endpoint.host)
    url = endpoint.url
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        one.setblocking(False)
        _widen(one)
        if path.is_symlink() or path.exists():
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise InputError(f"--syslog {url}: {path} exists and is not a socket; remove it or use another path.")
            if _is_answered(str(path)):
                raise InputError(f"--syslog {url}: another program receives at {path}; stop it or use another path.")
            path.unlink()
        one.bind(str(path))
        path.chmod(0o666)
    except OSError as error:
        one.close()
        reason = os.strerror(error.errno or 0).lower()
        raise InputError(f"--syslog {url}: cannot create {path}: {reason}.") from None
    except InputError:
        one.close()
        raise
    return one


def _is_answered(path: str) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        with socket.socket(socket.AF_UNIX, kind) as probe:
            probe.setblocking(False)
            try:
                probe.connect(path)
            except ConnectionRefusedError:
                continue
            except OSError as error:
                if error.errno == errno.EPROTOTYPE:
                    continue
                return error.errno != errno.ENOENT
            return True
    return False


def kernel_drops(one: socket.socket) -> int:
    """Datagrams that the kernel has dropped because the receive buffer was full; 0 where it does not tell."""
    try:
        data = one.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_MEMINFO_DROPS + 1))
    except OSError:
        return 0
    return int.from_bytes(data[4 * _MEMINFO_DROPS : 4 * _MEMINFO_DROPS + 4], "little")
