"""Running the server until a signal ends it, with all its visitors."""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from apiwatch.errors import InputError
from apiwatch.serve.access import Access
from apiwatch.serve.site import Site

__all__ = ["Plan", "run"]

_SHUTDOWN_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen, whom to let in, and what to run for each visitor."""

    address: str
    """An IP address of this machine."""
    port: int
    """0: any free one."""
    access: Access
    command: tuple[str, ...]
    visitors: int
    """How many dashboards there may be at a time."""
    name: str = ""
    """What the address is called in the link, if it has a name."""


async def run(plan: Plan, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `ready` gets the address to open. Raises InputError."""
    listening = _listening(plan.address, plan.port)
    port = listening.getsockname()[1]
    # A cookie belongs to a host name, whatever the port: two servers on one machine need two names.
    site = Site(plan.access, plan.command, plan.visitors, f"apiwatch-{port}")
    runner = web.AppRunner(site.app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        host = plan.name or (f"[{plan.address}]" if ":" in plan.address else plan.address)
        ready(f"http://{host}:{port}/" + (f"?token={plan.access.new_code()}" if plan.access.asks else ""))
        await ended.wait()
    finally:
        await runner.cleanup()
        listening.close()


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        raise InputError(_refusal(address, port, error)) from None


def _refusal(address: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} of {address} is in use by another program; name another one with --port"
        case errno.EACCES | errno.EPERM:
            return f"this user may not listen on port {port}; name one above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return f"{address} is not an address of this machine; name one with --bind"
    return f"cannot listen on port {port} of {address}: {error.strerror}"
