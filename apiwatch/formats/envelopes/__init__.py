"""What others put around a log line: syslog, container runtimes, journald, log shippers (formats reference, 8).

`Envelopes` takes off one envelope at a time and puts together what was logged in parts.
"""

from apiwatch.formats.envelopes.opener import Envelopes, outermost
from apiwatch.formats.envelopes.peeled import Peeled

__all__ = ["Envelopes", "Peeled", "peel"]


def peel(text: str) -> str | None:
    r"""The line without its outermost envelope; None when it has none that is known, and for an unfinished part.

    >>> peel("Nov 24 03:11:03 web1 nginx: 192.0.2.7 - - [x]")
    '192.0.2.7 - - [x]'
    """
    peeled = outermost(text)
    return None if peeled is None or peeled.unfinished is not None else peeled.text
