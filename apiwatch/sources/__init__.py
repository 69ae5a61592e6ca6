"""Bytes in: files that are followed through rotation, their history, standard input and syslog."""

from apiwatch.sources.feed import Feed
from apiwatch.sources.options import FeedOptions, SourceStatus, TlsFiles

__all__ = ["Feed", "FeedOptions", "SourceStatus", "TlsFiles"]
