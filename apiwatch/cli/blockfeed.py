"""`apiwatch block serve`: the list over HTTP, for firewalls that fetch it."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import load_settings, state_options
from apiwatch.errors import InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    import ssl

    from apiwatch.blocklist.feed import Contents, Listening
    from apiwatch.store import BlockEntry

__all__ = ["serve_feed"]

_KEPT = "feed.json"
_READABLE = click.Path(readable=False)


@click.command(name="serve")
@state_options
@click.option("--bind", default="127.0.0.1:8099", show_default=True, metavar="ADDR:PORT", help="Where to listen.")
@click.option("--tls-cert", type=_READABLE, metavar="FILE", help="Certificate, with its chain (PEM): serve https.")
@click.option("--tls-key", type=_READABLE, metavar="FILE", help="Its private key, if it is not in the same file.")
@click.option(
    "--token-file", type=_READABLE, metavar="FILE", help="Token, asked of everybody; needed unless ADDR is loopback."
)
def serve_feed(
    db: str | None,
    config: str | None,
    bind: str,
    tls_cert: str | None,
    tls_key: str | None,
    token_file: str | None,
) -> None:
    """Serve the queue for firewalls that fetch lists: /plain, /edl, /json, /v4, /v6; the token as Bearer or ?token=.

    When the queue cannot be read or a rail refuses it, the last good list is served, marked with X-Apiwatch-State:
    stale. The list becomes empty only when its entries were withdrawn or have expired.
    """
    from apiwatch.blocklist.feed import Contents, Listening
    from apiwatch.cli.blocksite import guard_of
    from apiwatch.cli.output import say
    from apiwatch.cli.reading import reading, require_state
    from apiwatch.cli.serve import access_token, listening_address
    from apiwatch.config import state_path

    settings = load_settings(config)
    path = state_path(settings, db)
    require_state(path)
    host, _, port = bind.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise UsageError(f"--bind: `{plain(bind)}` is not ADDR:PORT; write for example 127.0.0.1:8099")
    address, is_local = listening_address(host)
    token = access_token(token_file)
    if token is None and not is_local:
        raise UsageError(
            f"--bind {plain(bind)}: everybody who reaches that address could read the list; give a token with "
            "--token-file FILE"
        )

    async def read() -> "list[BlockEntry]":
        async with reading(path, migrates=False) as reader:
            return await reader.block_entries(time.time(), include_ended=True)

    contents = Contents(read, lambda: guard_of(settings, db), path.with_name(_KEPT), time.time, say)
    listening = Listening(address, int(port), token, _tls(tls_cert, tls_key))
    try:
        asyncio.run(_run(contents, listening))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(f"cannot listen on {plain(bind)}: {plain(why, 200)}; choose another --bind") from None


async def _run(contents: "Contents", listening: "Listening") -> None:
    """Serve until Ctrl-C or SIGTERM."""
    from apiwatch.blocklist.feed import PATHS, serve
    from apiwatch.cli.output import say

    scheme = "https" if listening.tls is not None else "http"
    host = f"[{listening.host}]" if ":" in listening.host else listening.host

    def ready(port: int) -> None:
        say(f"serving {scheme}://{host}:{port}{PATHS[0]} (also {', '.join(PATHS[1:])}); Ctrl-C ends it")

    task = asyncio.ensure_future(serve(contents, listening, ready))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _tls(certificate: str | None, key: str | None) -> "ssl.SSLContext | None":
    import ssl

    if certificate is None:
        if key is not None:
            raise UsageError("--tls-key needs the certificate that belongs to it (--tls-cert)")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without this, OpenSSL would ask the terminal for the passphrase of a locked key.
        context.load_cert_chain(Path(certificate), key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or "they do not fit, or the key is locked"
        raise UsageError(f"--tls-cert {plain(certificate)}: cannot be used with its key: {plain(why, 200)}") from None
    return context
