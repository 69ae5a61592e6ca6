"""Paths as they were typed: standard input, files, globs; what is plainly no log is refused before anything starts."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.config import Settings
    from apiwatch.sources import FeedOptions

__all__ = ["STDIN", "check_paths", "feed_options", "wanted_paths"]

STDIN = "-"


def wanted_paths(typed: Sequence[str], settings: "Settings") -> tuple[str, ...]:
    """What to read: the typed paths, else those of the settings, else the usual places (none for syslog or journal).

    Raises UsageError for standard input named twice, InputError when there is nothing to read.
    """
    if typed:
        if list(typed).count(STDIN) > 1:
            raise UsageError("`-` (standard input) can be named only once")
        return tuple(typed)
    if settings.sources.paths:
        return settings.sources.paths
    if settings.sources.syslog or settings.sources.journal:
        return ()
    from apiwatch.cli.places import usual_logs

    return usual_logs()


def feed_options(
    paths: Sequence[str], settings: "Settings", *, follow: bool, since: str, streams: bool = True
) -> "FeedOptions":
    """Options of the feed; standard input is descriptor 0. Without `streams`: neither syslog nor the journal."""
    from apiwatch.sources import FeedOptions, TlsFiles

    tls = settings.sources.syslog_tls
    return FeedOptions(
        paths=tuple(path for path in paths if path != STDIN),
        syslog=settings.sources.syslog if streams else (),
        journal=settings.sources.journal if streams else (),
        syslog_tls=TlsFiles(tls.certificate, tls.key, tls.client_ca),
        syslog_allow=settings.sources.syslog_allow,
        stdin_fd=0 if STDIN in paths else None,
        since=since,
        follow=follow,
        poll_interval=settings.sources.poll_interval,
        line_bytes=settings.limits.line_bytes,
        queue_lines=settings.limits.queue_lines,
    )


def check_paths(paths: Sequence[str], *, follow: bool) -> None:
    """Raise InputError for what can never be read as a log; a file that is not there yet is fine if it is followed.

    Refused are directories, files in directories that do not exist, unreadable files, and files that begin like a
    program, a picture or a database.
    """
    for name in paths:
        if name == STDIN:
            continue
        if not name:
            raise UsageError("a path is empty; name a log file")
        shown = plain(name)
        found = [name] if os.path.lexists(name) else sorted(glob.glob(name))  # noqa: PTH207
        if not found:
            parent = Path(name).parent
            if not follow:
                what = "no file matches" if glob.has_magic(name) else "there is no file"
                raise InputError(f"{what} {shown}; check the path")
            if not glob.has_magic(str(parent)) and not parent.is_dir():
                raise InputError(f"there is no directory {plain(str(parent))} for {shown}; check the path")
        for one in found:
            path = Path(one)
            if path.is_dir():
                if found != [name]:
                    continue
                raise InputError(
                    f"{plain(one)} is a directory; name the log files in it, for example {plain(one)}/*.log"
                )
            if len(found) == 1 and path.exists() and not os.access(path, os.R_OK):
                raise InputError(
                    f"{plain(one)} may not be read by this user; run apiwatch as root or in the group of the log"
                )
            _refuse_binary_file(one)


def _refuse_binary_file(path: str) -> None:
    from apiwatch.sources.content import why_no_log

    try:
        reason = why_no_log(path)
    except OSError:
        return
    if reason is not None:
        raise InputError(f"{plain(path)} {reason}")
