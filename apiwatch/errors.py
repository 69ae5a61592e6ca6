"""The exception tree: every error that a user can cause, and the exit code it ends with.

ApiwatchError
  UsageError          2  wrong options, unknown setting, impossible value
    ConfigError       2  file, line, key and the nearest valid key
  InputError          3  no usable input: missing file, nothing parsed, port taken
  StoreError          3  state file: locked, corrupt, foreign
    StoreVersionError 3  state file written by another version
    StoreBusyError    3  another collector owns the state file
    StoreGoneError    3  the state file was removed or replaced while it was in use
    Fenced            3  this writer lost its shard to a newer one
  GuardError          4  refused by a guard rail
  ApplyError          1  a firewall or a service could not be read or changed
    ApplyBusy         1  another apply is at work, or waits to be confirmed
"""

from typing import ClassVar

__all__ = [
    "ApiwatchError",
    "ApplyBusy",
    "ApplyError",
    "ConfigError",
    "Fenced",
    "GuardError",
    "InputError",
    "StoreBusyError",
    "StoreError",
    "StoreGoneError",
    "StoreVersionError",
    "UsageError",
]


class ApiwatchError(Exception):
    """An expected failure; its text is one sentence that says what is wrong and what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(ApiwatchError):
    """The command line or a setting cannot mean anything."""

    exit_code = 2


class ConfigError(UsageError):
    """A settings file is wrong; the text names file, line, key and the nearest valid key."""


class InputError(ApiwatchError):
    """There is nothing that can be read: missing file, directory, port in use."""

    exit_code = 3


class StoreError(ApiwatchError):
    """The state file cannot be used; it is never overwritten."""

    exit_code = 3


class StoreVersionError(StoreError):
    """The state file has a schema that this program does not know."""


class StoreBusyError(StoreError):
    """Another live collector owns the state file."""


class StoreGoneError(StoreError):
    """The path of the state file no longer leads to the file that is open: what is written there nobody will find."""


class Fenced(StoreError):
    """A newer writer has taken the shard; nothing of this commit was stored."""


class GuardError(ApiwatchError):
    """A guard rail refuses a block entry or an export."""

    exit_code = 4


class ApplyError(ApiwatchError):
    """A firewall, a web server or a service could not be read or changed; the text says what it holds now."""


class ApplyBusy(ApplyError):
    """Another apply to the same target is at work, or waits to be confirmed."""
