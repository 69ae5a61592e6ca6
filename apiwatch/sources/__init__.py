"""Bytes in: files that are followed through rotation, their history, standard input, syslog and the journal."""

from apiwatch.sources.feed import Feed
from apiwatch.sources.journal import journal_name
from apiwatch.sources.options import FeedOptions, SourceStatus, TlsFiles

__all__ = ["Feed", "FeedOptions", "SourceStatus", "TlsFiles", "journal_name"]
