"""`apiwatch serve`: the dashboard in a browser."""

import os
import site
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

import apiwatch
from apiwatch.cli.options import load_settings, state_options
from apiwatch.errors import UsageError
from apiwatch.text import plain

__all__ = ["access_token", "listening_address", "serve"]

_VARIABLE = "APIWATCH_TOKEN"
_SHORTEST = 16
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared, not listened on
"""Where a server listens on all addresses; elsewhere they mean nothing."""
_MAKE = "make one with `openssl rand -hex 16`"


@click.command()
@state_options
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0: any free one.")
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDR", help="Address to listen on.")
@click.option(
    "--token-file",
    type=click.Path(readable=False),
    metavar="FILE",
    help=f"Access token, asked of every visitor (or in {_VARIABLE}); needed unless ADDR is a loopback address.",
)
@click.option("--host", "names", multiple=True, metavar="NAME", help="A name that the server goes by; repeatable.")
@click.option("--visitors", type=click.IntRange(1, 64), default=4, show_default=True, help="Most dashboards at a time.")
@click.option("--read-write", is_flag=True, help="Let visitors acknowledge, mute, allow and queue for blocking.")
def serve(
    db: str | None,
    config: str | None,
    port: int,
    bind: str,
    token_file: str | None,
    names: tuple[str, ...],
    visitors: int,
    read_write: bool,
) -> None:
    """Show the dashboard of a running collector in browsers, read-only. There is no TLS: use ssh -L or a proxy."""
    import asyncio

    from apiwatch.cli.output import say
    from apiwatch.cli.reading import require_state
    from apiwatch.config import state_path

    if find_spec("textual_serve") is None:
        raise UsageError("the browser needs a library that is not installed; `pip install 'apiwatch[web]'` gets it")
    path = state_path(load_settings(config), db)
    require_state(path)
    address, is_local = listening_address(bind)
    token = access_token(token_file)
    if token is None and not is_local:
        raise UsageError(
            f"--bind {plain(bind)}: everybody who reaches that address could look; give an access token with "
            f"--token-file FILE or in {_VARIABLE}"
        )
    from apiwatch.serve import Access, Plan, run

    command, environment = _command_line(
        ["attach", f"--db={path}", *([f"--config={config}"] if config is not None else [])]
    )
    os.environ.update(environment)
    # What visitors look at is a browser, whatever the terminal here.
    os.environ.update(LC_ALL="C.UTF-8", TERM="xterm-256color")
    os.environ.pop("COLORFGBG", None)
    if not names and address in _EVERY_ADDRESS:
        names = (socket.gethostname(),)
    plan = Plan(
        address=address,
        port=port,
        access=Access(token, names),
        command=(*command, *([] if read_write else ["--read-only"])),
        visitors=visitors,
        name=names[0] if names else "",
    )

    def ready(url: str) -> None:
        once = "the link works once, after it the token does; " if token is not None else ""
        say(f"open {url} ({once}visitors {'may act' if read_write else 'can only look'}); Ctrl-C ends it")

    asyncio.run(run(plan, ready))


def _command_line(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """How a command of this very program is started, and its environment.

    -P keeps the current directory off its path, so our own must be on it.
    """
    environment = dict(os.environ)
    package = str(Path(apiwatch.__file__).parents[1])
    if package not in site.getsitepackages() and package != site.getusersitepackages():
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = package if not others else f"{package}{os.pathsep}{others}"
    return [sys.executable, "-P", "-m", "apiwatch", *arguments], environment


def listening_address(bind: str) -> tuple[str, bool]:
    """An IP address, and whether only this machine reaches it."""
    import ipaddress

    try:
        found = ipaddress.ip_address("127.0.0.1" if bind == "localhost" else bind.strip("[]"))
    except ValueError:
        raise UsageError(f"--bind: `{plain(bind)}` is not an IP address; write for example 127.0.0.1") from None
    return str(found), found.is_loopback


def access_token(token_file: str | None) -> str | None:
    """The access token; taken out of the environment, which visitors' processes inherit."""
    token, origin = os.environ.pop(_VARIABLE, None), _VARIABLE
    if token_file is not None:
        origin = f"--token-file {plain(token_file)}"
        try:
            token = Path(token_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{origin} cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    if token is None:
        return None
    token = token.strip()
    if len(token) < _SHORTEST or not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(f"{origin}: a token has {_SHORTEST} or more ASCII characters without blanks; {_MAKE}")
    if token_file is not None and Path(token_file).is_file() and Path(token_file).stat().st_mode & 0o077:
        from apiwatch.cli.output import say

        say(f"{origin} can be read or changed by others on this machine; chmod 600 keeps it to you")
    return token
