"""Layouts of lines whose header was not seen: a file that is followed from its middle, standard input.

The columns are counted, then their types decide (reference: formats, section 7).
"""

from apiwatch.formats.columns.layout import Layout

__all__ = ["guess"]

_START = ("date", "time")
_ASKED = ("cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip")
_AGENT = ("cs(user-agent)",)
_AGENT_REFERER = ("cs(user-agent)", "cs(referer)")
_STATUS = ("sc-status", "sc-substatus", "sc-win32-status")
_BYTES = ("sc-bytes", "cs-bytes")
_TAKEN = ("time-taken",)
_FORWARDED = ("x-forwarded-for",)
_ALL = (*_START, "s-sitename", "s-computername", "s-ip", *_ASKED, "cs-version", "cs(user-agent)", "cs(cookie)")
_REST = ("cs(referer)", "cs-host", *_STATUS, *_BYTES, *_TAKEN)

_IIS = (
    (*_START, "s-ip", *_ASKED, *_AGENT, *_STATUS, *_TAKEN),
    (*_START, "s-ip", *_ASKED, *_AGENT_REFERER, *_STATUS, *_TAKEN),
    (*_START, "s-ip", *_ASKED, *_AGENT_REFERER, *_STATUS, *_TAKEN, *_FORWARDED),
    (*_START, "s-ip", *_ASKED, *_AGENT_REFERER, *_STATUS, *_BYTES, *_TAKEN),
    (*_START, "s-ip", *_ASKED, *_AGENT_REFERER, "cs-host", *_STATUS, *_BYTES, *_TAKEN),
    (*_START, "s-sitename", *_ASKED, "cs(user-agent)", "cs(cookie)", *_REST),
    (*_ALL, *_REST),
    (*_ALL, *_REST, *_FORWARDED),
)
_HTTPERR_START = (*_START, "c-ip", "c-port", "s-ip", "s-port", "cs-version", "cs-method", "cs-uri")
_HTTPERR_END = ("sc-status", "s-siteid", "s-reason", "s-queuename")
_HTTPERR = ((*_HTTPERR_START, *_HTTPERR_END), (*_HTTPERR_START, "streamid", *_HTTPERR_END))
_CLOUDFRONT = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(host)", "cs-uri-stem", "sc-status",
    "cs(referer)", "cs(user-agent)", "cs-uri-query", "cs(cookie)", "x-edge-result-type", "x-edge-request-id",
    "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
    "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
)  # fmt: skip
_SHORTEST_CLOUDFRONT = 18

_LAYOUTS = (
    *(Layout("iis_w3c", names) for names in _IIS),
    *(Layout("iis_httperr", names) for names in _HTTPERR),
    *(Layout("aws_cloudfront", _CLOUDFRONT[:count]) for count in range(_SHORTEST_CLOUDFRONT, len(_CLOUDFRONT) + 1)),
)


def guess(cells: list[str]) -> Layout | None:
    """The only layout that fits; None when none does, or more than one."""
    found = [layout for layout in _LAYOUTS if layout.fits(cells)]
    return found[0] if len(found) == 1 else None
