"""The usual names of the fields of an access record, in JSON and in labelled lines (reference: formats, section 6)."""

import re
from typing import NamedTuple

__all__ = ["Role", "plain_name", "role_of"]


class Role(NamedTuple):
    """What a key holds."""

    field: str
    rank: int
    """Of several keys for one field the lowest is taken."""
    unit: str = ""
    """Of a duration: s, ms, us, ns; '' when the name does not say."""


_NAMES = {
    "time": "time timelocal timeiso8601 timestamp @timestamp ts msec starttime startutc startedat eventtimestamp "
    "requesttime requesttimeepoch logtimestamp datetime date",
    "client": "remoteaddr remoteip remoteaddress remotehost clientip clientaddr clientaddress clienthost ip srcip "
    "sourceip sourceaddress cliip idorigh calleripaddress downstreamremoteaddress peer peeraddr client "
    "networkclientip clientremoteaddr",
    "method": "requestmethod httpmethod method verb httprequestmethod reqmethod clientrequestmethod",
    "target": "requesturi originalrequesturiwithargs requesturl urloriginal uri url path requestpath urlpath "
    "clientrequesturi reqpath target xenvoyoriginpath resourcepath endpoint",
    "query": "args querystring query urlquery querystr requestquery",
    "request": "request requestline httprequest req",
    "status": "status statuscode responsecode responsestatus responsestatuscode returnstatus httpstatus "
    "httpstatuscode rspcode edgeresponsestatus code response downstreamstatus",
    "bytes": "bodybytessent bytessent bytes size responsesize responsebytes responsebodysize responsebodybytes "
    "responsecontentlength responselength sentbytes bodylength responsebodylen edgeresponsebytes totalbytes "
    "downstreamcontentsize rspsize contentlength",
    "agent": "httpuseragent useragent agent ua useragentoriginal clientrequestuseragent browser",
    "referer": "httpreferer httpreferrer referer referrer clientrequestreferer",
    "host": "httphost vhost authority servername requesthost clientrequesthost reqhost urldomain serveraddress host",
    "user": "remoteuser username user userid usern enduserid consumerusername clientusername userprincipal",
    "forwarded": "httpxforwardedfor xforwardedfor xff forwarded forwardedfor",
    "credential": "authorization httpauthorization cookie httpcookie xapikey httpxapikey apikey xauthtoken",
}
_DURATIONS = {
    "requesttime": "s",
    "durations": "s",
    "durationseconds": "s",
    "durationsec": "s",
    "reqtime": "s",
    "takensec": "s",
    "elapsedseconds": "s",
    "latencyseconds": "s",
    "durationms": "ms",
    "latencyms": "ms",
    "elapsedms": "ms",
    "responsetimems": "ms",
    "requestdurationms": "ms",
    "timetakenms": "ms",
    "latenciesrequest": "ms",
    "requestduration": "ms",
    "durationus": "us",
    "latencyus": "us",
    "reqtimemicrosec": "us",
    "elapsedus": "us",
    "durationns": "ns",
    "latencyns": "ns",
    "elapsedns": "ns",
    "eventduration": "ns",
    "duration": "",
    "latency": "",
    "elapsed": "",
    "elapsedtime": "",
    "responsetime": "",
    "timetaken": "",
    "took": "",
}
_PREFIXES = (
    "httprequest", "http", "nginx", "apache", "access", "request", "req", "context", "attributes", "fields",
    "properties", "jsonpayload", "headers", "object", "conn", "transaction", "log", "event", "data",
)  # fmt: skip
_OTHERS = frozenset(
    (
        "requestsize", "requestbytes", "requestlength", "requestcontentlength", "requestbodybytes", "requestbodysize",
        "reqsize", "reqbytes", "bytesreceived", "httprequestbytes", "httprequestbodybytes", "httprequestsize",
        "overheadbytes", "objsize", "requestid",
    )
)  # fmt: skip
"""Names that mean something else than they do without their prefix."""

_SEPARATORS = re.compile(r"[_\-.:\s]+")
_LONGEST = 64


def _table() -> dict[str, Role]:
    table: dict[str, Role] = {}
    for field, names in _NAMES.items():
        for rank, name in enumerate(names.split()):
            table.setdefault(name, Role(field, rank))
    for rank, (name, unit) in enumerate(_DURATIONS.items()):
        table[name] = Role("duration", rank, unit)
    return table


_ROLES = _table()


def plain_name(name: str) -> str:
    """A name in lower case without separators.

    >>> plain_name("CF-Connecting-IP")
    'cfconnectingip'
    """
    return _SEPARATORS.sub("", name).lower()


def role_of(path: tuple[str, ...]) -> Role | None:
    """What the value at a path of keys holds; None when the name says nothing.

    Names are compared without case and separators, also behind prefixes such as `http.` or `request.headers.`.

    >>> role_of(("http", "request", "method")).field, role_of(("latency_ms",)).unit
    ('method', 'ms')
    """
    name = plain_name(".".join(path))
    for _ in range(4):
        if len(name) > _LONGEST or name in _OTHERS:
            return None
        role = _ROLES.get(name)
        if role is not None:
            return role
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and name != prefix), None)
        if prefix is None:
            return None
        name = name[len(prefix) :]
    return None
