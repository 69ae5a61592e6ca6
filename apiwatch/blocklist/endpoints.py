"""Other machines that apiwatch itself talks to: services of targets, and who sends logs."""

import socket
from collections.abc import Iterable
from threading import Thread
from urllib.parse import urlsplit

from apiwatch.blocklist.kernel import Address, plain_address
from apiwatch.text import plain

__all__ = ["hosts_of", "log_ports", "resolved"]

_PATIENCE_S = 2.0


def hosts_of(options: Iterable[str]) -> tuple[str, ...]:
    """Hosts of the options that are URLs, each once.

    >>> hosts_of(["https://lapi.example.com:8080/v1", "/etc/nginx/block.conf", "http://[2001:db8::7]/"])
    ('lapi.example.com', '2001:db8::7')
    """
    found: dict[str, None] = {}
    for text in options:
        try:
            parts = urlsplit(text.strip())
            host = parts.hostname if parts.scheme in ("http", "https") else None
        except ValueError:
            continue
        if host:
            found[host] = None
    return tuple(found)


def log_ports(syslog: Iterable[str]) -> frozenset[int]:
    """Ports of the syslog addresses that are connections: their peers send logs.

    >>> sorted(log_ports(["tcp://0.0.0.0:6514", "udp://[::]:514", "unix:///run/x"]))
    [6514]
    """
    parts = (urlsplit(text) for text in syslog)
    return frozenset(each.port for each in parts if each.scheme in ("tcp", "tls") and each.port)


def resolved(hosts: Iterable[str]) -> tuple[list[tuple[Address, str]], list[str]]:
    """(address, host) of hosts, and a sentence for each name that did not resolve within two seconds. Blocks.

    The resolver of the system has no time limit of its own, so that each look-up that hangs is left behind in a thread.
    """
    found: list[tuple[Address, str]] = []
    problems: list[str] = []
    for host in hosts:
        literal = plain_address(host)
        addresses = [literal] if literal is not None else _look_up(host)
        if addresses is None:
            problems.append(f"the addresses of {plain(host, 100)}, which apiwatch talks to, could not be found")
        else:
            found += [(address, host) for address in addresses if not address.is_loopback]
    return found, problems


def _look_up(host: str) -> list[Address] | None:
    """Addresses of a name; None when the resolver knows none, or is too slow."""
    answer: list[Address] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        answer.extend(address for info in infos if (address := plain_address(str(info[4][0]))) is not None)

    thread = Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return list(dict.fromkeys(answer)) or None
