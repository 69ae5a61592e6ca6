"""Writers of W3C extended logs and their like (reference: formats, section 5)."""

from dataclasses import replace
from urllib.parse import quote

from tests.formats.writers.escapes import w3c, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import Writer

__all__ = ["IIS_HEADER", "IIS_HEADER_SHORT", "WRITERS", "iis", "iis_short"]

_IIS = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
IIS_HEADER = f"#Fields: {_IIS} sc-status sc-substatus sc-win32-status time-taken"
IIS_HEADER_SHORT = "#Fields: time c-ip cs-method cs-uri-stem sc-status sc-bytes cs-host"


def iis(sample: Sample) -> str:
    """A line of `IIS_HEADER`, which is the default of IIS 8 and newer."""
    return (
        f"{sample.utc:%F %T} 192.0.2.10 {sample.method} {w3c(sample.path)} {sample.query or '-'} 443 "
        f"{w3c(sample.user or '-')} {sample.address} {w3c(sample.agent or '-')} {w3c(sample.referer or '-')} "
        f"{sample.status} 0 0 {sample.duration // 1_000}"
    )


def iis_short(sample: Sample) -> str:
    """A line of `IIS_HEADER_SHORT`; the day stands in the header."""
    path = w3c(sample.path)
    return f"{sample.utc:%T} {sample.address} {sample.method} {path} {sample.status} {sample.size} {sample.host}"


def _httperr(sample: Sample) -> str:
    return (
        f"{sample.utc:%F %T} {sample.address} {sample.port} 192.0.2.10 443 HTTP/1.1 {sample.method} {sample.target} "
        f"{sample.status} - Forbidden -"
    )


def _cloudfront_text(text: str | None) -> str:
    return quote(text, safe="!$&'()*+,-./:;=?@_~<>[]|{}^`") if text else "-"


def _cloudfront(sample: Sample) -> str:
    return "\t".join(
        (
            *(f"{sample.utc:%F}", f"{sample.utc:%T}", "CDG50-P2", str(sample.size), str(sample.address), sample.method),
            *(sample.host, _cloudfront_text(sample.path), str(sample.status)),
            *(_cloudfront_text(sample.referer), _cloudfront_text(sample.agent), _cloudfront_text(sample.query), "-"),
            *("Miss", "375WZmnR4hhhnlZKNn0D", "api.example.com", "https", "62", sample.seconds, "-"),
            *("TLSv1.3", "TLS_AES_128_GCM_SHA256", "Miss", "HTTP/2.0", "-", "-", str(sample.port), "0.113", "Miss"),
            *("application/json", "20", "-", "-"),
        )
    )


def _w3c(sample: Sample) -> str:
    agent = (sample.agent or "-").replace('"', '""')
    return (
        f"{sample.utc:%F %T} {sample.address} {sample.method} {sample.target} {sample.status} {sample.size} "
        f'{sample.duration // 1_000} "{agent}"'
    )


def _zeek(sample: Sample) -> str:
    return "\t".join(
        (
            *(f"{sample.moment / 1e6:.6f}", "CtxTCR2Yer0FR1tIBg", str(sample.address), str(sample.port), "192.0.2.10"),
            *("443", sample.method, sample.host, sample.target, sample.agent or "-", str(sample.size)),
            str(sample.status),
        )
    )


def _decoded(sample: Sample) -> Sample:
    """A query that is empty, or starts with a second `?`, is not told from one that is not."""
    query = sample.query.lstrip("?-")
    return replace(sample, target=f"{sample.path}?{query}" if query else sample.path)


def _unquoted(sample: Sample) -> Sample:
    """A value in quotes is not told from one that another product has quoted."""
    sample = _decoded(sample)
    query = "" if _is_quoted(sample.query) else sample.query
    return replace(
        sample,
        target=f"{sample.path}?{query}" if query else sample.path,
        agent=None if _is_quoted(sample.agent or "") else sample.agent,
    )


def _is_quoted(text: str) -> bool:
    return text.startswith('"') and text.endswith('"')


def _cloudfront_tame(sample: Sample) -> Sample:
    """CloudFront encodes an encoded text once more; here only what is not encoded yet."""
    sample = without('%"\\#\t', "target", "agent", "referer")(_decoded(sample))
    return without("é日本\u202e\u3000\xa0\x85 ", "target", "agent", "referer")(sample)


_ZEEK_FIELDS = (
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\tuser_agent\tresponse_body_len"
    "\tstatus_code"
)

WRITERS = (
    Writer(
        "iis_w3c",
        "iis-headless",
        iis,
        "client method target status referer agent user duration",
        w3c,
        offset=0,
        tame=_unquoted,
    ),
    Writer(
        "iis_w3c",
        "iis",
        iis,
        "client method target status referer agent user duration",
        w3c,
        offset=0,
        tame=_unquoted,
        header=IIS_HEADER,
    ),
    Writer("iis_httperr", "iis", _httperr, "client method target status", offset=0),
    Writer(
        "aws_cloudfront",
        "cloudfront",
        _cloudfront,
        "client method target status bytes referer agent host duration",
        offset=0,
        tame=_cloudfront_tame,
    ),
    Writer(
        "w3c",
        "w3c",
        _w3c,
        "client method target status bytes agent duration",
        offset=0,
        header="#Fields: date time c-dns cs-method cs-uri sc-status sc-bytes time-taken cs(User-Agent)",
        tame=without("\t", "agent", instead=" "),
    ),
    Writer(
        "zeek_http",
        "zeek",
        _zeek,
        "client method target status bytes agent host",
        tick=1,
        offset=0,
        header=_ZEEK_FIELDS,
        tame=without("\t", "agent", instead=" "),
    ),
)
