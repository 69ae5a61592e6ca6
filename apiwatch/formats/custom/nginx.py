"""nginx's log_format: variables, and what each of them writes (reference: formats, section 7)."""

import re

from apiwatch.formats.configs.escapes import unescaped
from apiwatch.formats.custom.parts import (
    ADDRESS,
    CLF_TIME,
    EPOCH,
    FREE,
    HOST,
    ISO_TIME,
    LIST,
    NUMBER,
    SIZE,
    STATUS,
    Part,
    literal,
)
from apiwatch.patterns import late

__all__ = ["nginx_parts"]

_URI = r"[^ \t?\"]*+"
_VARIABLES = {
    "remote_addr": ("client", ADDRESS, ""),
    "realip_remote_addr": ("peer", ADDRESS, ""),
    "proxy_protocol_addr": ("proxied", rf"(?:{ADDRESS})?", ""),
    "time_local": ("time", CLF_TIME, ""),
    "time_iso8601": ("time", ISO_TIME, ""),
    "msec": ("time", EPOCH, ""),
    "request": ("request", FREE, ""),
    "request_method": ("method", r"[^ \t\"]*+", ""),
    "request_uri": ("target", FREE, ""),
    "uri": ("path", _URI, ""),
    "document_uri": ("path", _URI, ""),
    "is_args": ("is_args", r"\??", ""),
    "args": ("query", r"[^ \t\"]*+", ""),
    "query_string": ("query", r"[^ \t\"]*+", ""),
    "server_protocol": ("", r"[^ \t\"]*+", ""),
    "scheme": ("", r"[a-z]*+-?", ""),
    "status": ("status", STATUS, ""),
    "body_bytes_sent": ("bytes", SIZE, ""),
    "bytes_sent": ("bytes", SIZE, ""),
    "request_length": ("", SIZE, ""),
    "request_time": ("duration", NUMBER, "s"),
    "host": ("host", HOST, ""),
    "http_host": ("host", HOST, ""),
    "server_name": ("server", HOST, ""),
    "server_port": ("", r"\d{0,5}", ""),
    "remote_port": ("", r"\d{0,5}", ""),
    "remote_user": ("user", FREE, ""),
    "ssl_client_s_dn": ("user", FREE, ""),
    "http_referer": ("referer", FREE, ""),
    "http_user_agent": ("agent", FREE, ""),
    "http_x_forwarded_for": ("forwarded", FREE, ""),
    "proxy_add_x_forwarded_for": ("", FREE, ""),
    "http_forwarded": ("forwarded", FREE, ""),
    "http_authorization": ("credential", FREE, ""),
    "http_x_api_key": ("credential", FREE, ""),
    "http_cookie": ("cookie", FREE, ""),
}
_VARIABLE = late(r"\$(?:\{([a-zA-Z0-9_]+)\}|([a-zA-Z0-9_]+))")
_DIRECTIVE = late(r"\s*log_format\s+\S+\s+(?:escape=(\w+)\s+)?(.*?);?\s*", re.DOTALL)
_ONE = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_STRING = late(_ONE, re.DOTALL)
_STRINGS = late(rf"(?:\s*(?:{_ONE}))+", re.DOTALL)


def nginx_parts(text: str, client_header: str | None = None) -> tuple[list[Part], str]:
    """(parts, escape mode: default, json or none) of a format string or a whole log_format directive.

    The value of `client_header` gets the role `named`.
    """
    named = "http_" + client_header.replace("-", "_") if client_header else None
    escape, text = _string_of(text)
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > position:
            parts.append(literal(text[position : found.start()]))
        position = found.end()
        name = found[1] or found[2]
        parts.append(Part("named", FREE) if name == named else _part(name))
    if position < len(text):
        parts.append(literal(text[position:]))
    if escape == "":
        escape = "json" if text.lstrip().startswith("{") else "default"
    return parts, escape


def _part(name: str) -> Part:
    known = _VARIABLES.get(name)
    if known is not None:
        return Part(*known)
    if name.startswith("upstream_"):
        return Part("", LIST)
    return Part("", FREE)


def _string_of(text: str) -> tuple[str, str]:
    """(escape mode or '', the string itself) without the directive around it and its quotes."""
    escape = ""
    found = _DIRECTIVE.fullmatch(text)
    if found is not None:
        escape, text = found[1] or "default", found[2]
    text = text.strip()
    if (found is not None or text[:1] == "'") and _STRINGS.fullmatch(text):
        text = "".join(piece[1:-1] for piece in _STRING.findall(text))
    return escape, unescaped(text).strip("\r\n")
