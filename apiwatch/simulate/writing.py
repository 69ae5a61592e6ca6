"""Log lines as the real servers write them, each with its own escapes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from apiwatch.errors import UsageError
from apiwatch.simulate.model import Hit
from apiwatch.text import plain

__all__ = ["ALIASES", "FORMATS", "Writer", "writer"]

Writer = Callable[[float, Hit], str]
"""(time in seconds since the epoch, request) -> line."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ODD = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NGINX_JSON = {code: _SHORT.get(chr(code), f"\\u{code:04X}") for code in (*range(32), 34, 92)}
_ZAP = {code: _SHORT.get(chr(code), f"\\u{code:04x}") for code in (*range(32), 34, 92)}


def writer(name: str, *, users_logged: bool) -> Writer:
    """The function that writes a format. Raises UsageError for an unknown name."""
    make = FORMATS.get(ALIASES.get(name, name))
    if make is None:
        known = ", ".join((*FORMATS, *ALIASES))
        raise UsageError(f"the simulator cannot write the format `{plain(name)}`; choose one of {known}")
    return make(users_logged)


def _escaped(text: str) -> str:
    """nginx `escape=default`: quote, backslash, control bytes and bytes from 0x7F up as `\\xHH`."""
    if _ODD.search(text) is None:
        return text
    return _ODD.sub(lambda odd: "".join(f"\\x{byte:02X}" for byte in odd[0].encode("utf-8")), text)


def _clf_clock() -> Callable[[float], str]:
    """Common Log Format times in UTC; neighbouring lines share the text."""
    known = (-1, "")

    def stamp(time: float) -> str:
        nonlocal known
        second = int(time)
        if second != known[0]:
            moment = datetime.fromtimestamp(second, UTC)
            known = second, f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
        return known[1]

    return stamp


def _combined(users_logged: bool) -> Writer:
    stamp = _clf_clock()
    escape = _escaped

    def write(time: float, hit: Hit) -> str:
        _, client, user, method, target, status, size, referer, agent, _, _, _ = hit
        name = escape(user) if users_logged and user is not None else "-"
        return (
            f'{client} - {name} [{stamp(time)}] "{method} {escape(target)} HTTP/1.1" {status} {size}'
            f' "{escape(referer) if referer is not None else "-"}" "{escape(agent) if agent is not None else "-"}"'
        )

    return write


def _vhost(users_logged: bool) -> Writer:
    combined = _combined(users_logged)
    return lambda time, hit: f"{hit.host}:443 {combined(time, hit)}"


def _common(users_logged: bool) -> Writer:
    stamp = _clf_clock()

    def write(time: float, hit: Hit) -> str:
        name = _escaped(hit.user) if users_logged and hit.user is not None else "-"
        target = _escaped(hit.target)
        return f'{hit.client} - {name} [{stamp(time)}] "{hit.method} {target} HTTP/1.1" {hit.status} {hit.size}'

    return write


def _nginx_json(users_logged: bool) -> Writer:
    """`log_format` with `escape=json`: what is missing is an empty string, and letters beyond ASCII stay."""

    def escape(text: str | None) -> str:
        return "" if text is None else text.translate(_NGINX_JSON)

    def write(time: float, hit: Hit) -> str:
        moment = datetime.fromtimestamp(int(time), UTC)
        target = escape(hit.target)
        return (
            f'{{"time":"{moment.isoformat()}","remote_addr":"{hit.client}"'
            f',"remote_user":"{escape(hit.user) if users_logged else ""}","host":"{hit.host}"'
            f',"request":"{hit.method} {target} HTTP/1.1","request_method":"{hit.method}","request_uri":"{target}"'
            f',"status":{hit.status},"body_bytes_sent":{hit.size},"request_time":{hit.duration:.3f}'
            f',"http_referer":"{escape(hit.referer)}","http_user_agent":"{escape(hit.agent)}"}}'
        )

    return write


def _caddy_json(users_logged: bool) -> Writer:
    """Caddy names a user only after success; it logs an answer from 500 on as an error."""

    def write(time: float, hit: Hit) -> str:
        headers = f'"User-Agent":["{hit.agent.translate(_ZAP)}"]' if hit.agent is not None else ""
        if hit.referer is not None:
            headers += f'{"," if headers else ""}"Referer":["{hit.referer.translate(_ZAP)}"]'
        known = users_logged and hit.user is not None and hit.status != 401
        user = hit.user.translate(_ZAP) if known and hit.user is not None else ""
        return (
            f'{{"level":"{"error" if hit.status >= 500 else "info"}","ts":{time:.6f}'
            f',"logger":"http.log.access.log0","msg":"handled request","request":{{"remote_ip":"{hit.client}"'
            f',"remote_port":"{32768 + (int(time * 1000) * 7919) % 28232}","client_ip":"{hit.client}"'
            f',"proto":"HTTP/2.0","method":"{hit.method}","host":"{hit.host}","uri":"{hit.target.translate(_ZAP)}"'
            f',"headers":{{{headers}}}}},"bytes_read":0,"user_id":"{user}","duration":{hit.duration:.9f}'
            f',"size":{hit.size},"status":{hit.status},"resp_headers":{{"Server":["Caddy"]}}}}'
        )

    return write


def _alb(users_logged: bool) -> Writer:
    """An application load balancer of AWS; it knows neither users nor referers."""
    escape = _escaped

    def write(time: float, hit: Hit) -> str:
        moment = f"{datetime.fromtimestamp(int(time), UTC):%FT%T}.{int(time % 1 * 1e6):06d}Z"
        client = f"[{hit.client}]" if ":" in hit.client else hit.client
        port = 32768 + (int(time * 1000) * 7919) % 28232
        agent = escape(hit.agent) if hit.agent is not None else "-"
        return (
            f"https {moment} app/edge/50dc6c495c0c9188 {client}:{port} 10.0.0.7:8080 0.000 {hit.duration:.3f} 0.000"
            f" {hit.status} {hit.status} 214 {hit.size}"
            f' "{hit.method} https://{hit.host}:443{escape(hit.target)} HTTP/2.0" "{agent}"'
            " ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
            " arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/73e2d6bc24d8a067"
            f' "Root=1-{int(time):08x}-1d84f3d73c47ec4e58577259" "{hit.host}" "-" 1 {moment} "forward" "-" "-"'
            f' "10.0.0.7:8080" "{hit.status}" "-" "-"'
        )

    return write


FORMATS: dict[str, Callable[[bool], Writer]] = {
    "combined": _combined,
    "common": _common,
    "vhost_combined": _vhost,
    "nginx_json": _nginx_json,
    "caddy_json": _caddy_json,
    "alb": _alb,
}
"""Every format that the simulator writes, by name."""

ALIASES = {"nginx": "combined", "json": "nginx_json", "caddy": "caddy_json"}
"""Other names of them."""
