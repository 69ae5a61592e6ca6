"""Lines that stand in access logs and are known not to be requests."""

import re

from apiwatch.patterns import late

__all__ = ["is_known_other"]

_OTHER = late(
    r"#"
    # nginx error log
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(?:debug|info|notice|warn|error|crit|alert|emerg)\] \d+#\d+: "
    # Apache error log
    r"|\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}\] \[[\w:-]*\] "
    # HAProxy: connections without HTTP (tcplog), failed handshakes, starts and stops
    r"|\S{1,255}:\d{1,5} \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.]{12}\] \S{1,255}(?:/\S{1,64}: | [^\s/]{1,255}/\S{1,255} "
    r"-?\d{1,12}/-?\d{1,12}/\+?-?\d{1,12} \+?\d{1,19} \S\S )"
    r"|Connect from \S{1,255}:\d{1,5} to \S{1,255}:\d{1,5} \("
    r"|(?:Proxy|Server|Backend|Health check for server|Stopping (?:proxy|frontend|backend)) \S{1,255} "
    r"(?:is|started|stopped|succeeded|failed|in |has no server)"
    # load balancers of AWS at TCP level
    r"|tls \d\.\d \d{4}-\d\d-\d\dT\S{1,40} net/"
    # web servers that start, stop or complain in the tagged console style of Python and Go
    r"|(?:INFO|WARNING|ERROR|DEBUG|CRITICAL):     (?!\S+:\d+ - \")",
    re.ASCII,
)


def is_known_other(text: str) -> bool:
    """Whether the line is blank, a comment, or of an error log of nginx or Apache."""
    return not text or text.isspace() or _OTHER.match(text) is not None
