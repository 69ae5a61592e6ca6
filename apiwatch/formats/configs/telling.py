"""Which server's configuration a text is, told by its directives."""

import re
from typing import Literal

from apiwatch.patterns import late

__all__ = ["Server", "server_of"]

Server = Literal["nginx", "apache"]

_NGINX = late(
    r"^[ \t]*(?:(?:http|events|server|stream)[ \t\r\n]*\{|(?:access_log|log_format|include|worker_processes|user|pid)"
    r"[ \t]+[^\n]*(?:;|['\"])[ \t]*(?:#.*)?\r?$)",
    re.MULTILINE,
)
_APACHE = late(
    r"^[ \t]*(?:(?:LogFormat|CustomLog|TransferLog|ServerRoot|ServerName|IncludeOptional|Include|LoadModule|Listen)"
    r"[ \t]+\S|<VirtualHost[ \t]+[^>\n]+>)",
    re.MULTILINE | re.IGNORECASE,
)
_FIRST = late(r"\s*(?:#[^\n]*\n\s*)*([A-Za-z_<][^\s]*)")
_SAMPLE = 256 * 1024


def server_of(text: str) -> Server | None:
    """The server whose configuration this is; None for any other text.

    The first word of a configuration is the name of a directive, and one of the usual directives begins a line. An
    access log begins with an address, a time, or a bracket; one that begins with the word of a host still has no line
    that begins like a directive and ends like it.
    """
    text = text[:_SAMPLE]
    if _FIRST.match(text) is None:
        return None
    nginx, apache = _NGINX.search(text), _APACHE.search(text)
    if nginx is None or apache is None:
        return "nginx" if nginx is not None else "apache" if apache is not None else None
    return "nginx" if nginx.start() <= apache.start() else "apache"
