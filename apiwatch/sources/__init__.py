"""Bytes in: files that are followed through rotation, their history, standard input, syslog and the journal."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiwatch.sources.feed import Feed
    from apiwatch.sources.journal import journal_name
    from apiwatch.sources.options import FeedOptions, SourceStatus, TlsFiles

__all__ = ["Feed", "FeedOptions", "SourceStatus", "TlsFiles", "journal_name"]

_HOMES = {"Feed": "feed", "journal_name": "journal"}
"""Public name -> module of this package; the others are in `options`. It is imported when the name is asked for: who
only looks whether a file is a log needs no feed."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A public name, from its module."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'options')}"), name)
        return found
