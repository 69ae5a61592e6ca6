"""What an apply leaves behind until it is decided, and for its undo: one directory each, readable for its owner only.

`ID/record.json` says what was applied, `ID/snapshot` holds what was there before, and `ID/outcome` exists once it was
decided: who makes it first decides. So a confirmation and the dead-man cannot both win, whoever is killed when.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from apiwatch.blocklist.applying.stored import StoredPlan
from apiwatch.blocklist.writing import create_file
from apiwatch.errors import ApplyBusy, ApplyError, InputError
from apiwatch.text import plain

__all__ = ["KEPT", "LATEST_START_S", "ROLLED_BACK", "Record", "Records"]

KEPT, ROLLED_BACK = "kept", "rolled back"
"""The two ways in which an apply is decided."""

LATEST_START_S = 30.0
"""In which a dead-man must have begun; a busy machine starts Python slowly."""

_KEPT_RECORDS = 50
_ID = re.compile(r"[0-9a-f]{1,32}", re.ASCII)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One apply: all that a process which knows nothing else needs to confirm it or to take it back."""

    id: str
    target: str
    options: dict[str, str]
    """Of the target, as the settings had them; no secrets, these are named and not held."""
    allow: tuple[str, ...]
    """What stays open: `block.allow`."""
    plan: StoredPlan
    at: float
    """Seconds since the epoch."""
    keep_for: float | None
    """Seconds after which it is rolled back unless it was confirmed; None: nobody waits for a confirmation."""
    sha256: str
    """Of the snapshot."""
    artifact_sha256: str
    audit: str
    """Path of the audit log."""
    db: str
    """Path of the state file."""
    actor: str
    origin: str
    """Address that the actor came from; '': unknown."""


class Records:
    """The directory of all of them. Raises ApplyError when it cannot be used or is not safe to use."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(self, record: Record, snapshot: bytes) -> None:
        """Store an apply before it happens, on the disk, and forget the oldest decided ones."""
        self._safe_directory(make=True)
        place = self.directory / record.id
        try:
            place.mkdir(mode=0o700)
            create_file(place / "snapshot", snapshot, 0o600)
            create_file(place / "record.json", msgspec.json.encode(record), 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        self._forget()

    def load(self, name: str) -> Record:
        """The apply of an id or of an unambiguous beginning of one; InputError when there is none."""
        self._safe_directory()
        found = [each for each in self._names() if _ID.fullmatch(name) and each.startswith(name)]
        if len(found) != 1:
            what = "several applies begin with" if found else "there is no apply"
            raise InputError(f"{what} {plain(name, 40)}; `apiwatch block log` shows them")
        return self._read(found[0])

    def snapshot(self, record: Record) -> bytes:
        """What was there before an apply; ApplyError when it is damaged."""
        try:
            content = (self.directory / record.id / "snapshot").read_bytes()
        except OSError as error:
            raise self._unusable(error) from None
        if hashlib.sha256(content).hexdigest() != record.sha256:
            raise ApplyError(f"the snapshot of apply {record.id} is damaged, so it is not restored")
        return content

    def begin(self, record: Record, at: float) -> float:
        """The time for a confirmation begins at `at`; returns when it ends. The dead-man calls it."""
        end = at + (record.keep_for or 0.0)
        try:
            create_file(self.directory / record.id / "deadline", repr(end).encode(), 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        return end

    def deadline(self, record: Record) -> float:
        """When the time for a confirmation ends; before the dead-man has begun, when it ends at the latest."""
        try:
            return float((self.directory / record.id / "deadline").read_text())
        except (OSError, ValueError):
            return record.at + (record.keep_for or 0.0) + LATEST_START_S

    def outcome(self, record_id: str) -> str | None:
        """KEPT or ROLLED_BACK; None while it is undecided."""
        try:
            return (self.directory / record_id / "outcome").read_text()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None

    def decide(self, record_id: str, outcome: str) -> bool:
        """Decide an apply; False when it is decided already, by whomever and however."""
        try:
            create_file(self.directory / record_id / "outcome", outcome.encode(), 0o600)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._unusable(error) from None
        return True

    def all(self) -> list[Record]:
        """Every apply that can be read, the oldest first."""
        if not self.directory.is_dir():
            return []
        self._safe_directory()
        found: list[Record] = []
        for name in self._names():
            with contextlib.suppress(ApplyError):
                found.append(self._read(name))
        return sorted(found, key=lambda record: record.at)

    def last(self, target: str | None = None) -> Record:
        """The last apply, to a target if one is named, that was not rolled back; InputError when there is none.

        What only took away (`engine.shrink`) waited for nobody and does not count: an entry that ran out since the
        apply is not what somebody wants to undo.
        """
        self._safe_directory()
        for record in reversed(self.all()):
            meant = record.keep_for is not None and target in (None, record.target)
            if meant and self.outcome(record.id) != ROLLED_BACK:
                return record
        raise InputError(f"no apply{f' to {target}' if target else ''} is in force; `apiwatch block log` shows them")

    def undecided(self, target: str) -> list[Record]:
        """Applies to a target that are neither kept nor rolled back."""
        return [record for record in self.all() if record.target == target and self.outcome(record.id) is None]

    @contextlib.contextmanager
    def lock(self, target: str) -> Iterator[None]:
        """Only one process at a time changes a target; ApplyBusy when another one does."""
        self._safe_directory(make=True)
        try:
            handle = os.open(self.directory / f"{target}.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ApplyBusy(
                    f"another apiwatch works on {target} right now; wait for it, or confirm it with "
                    "`apiwatch block confirm ID`"
                ) from None
            yield
        finally:
            os.close(handle)

    def _names(self) -> list[str]:
        return [path.parent.name for path in self.directory.glob("*/record.json") if _ID.fullmatch(path.parent.name)]

    def _read(self, name: str) -> Record:
        try:
            return msgspec.json.decode((self.directory / name / "record.json").read_bytes(), type=Record)
        except OSError as error:
            raise self._unusable(error) from None
        except msgspec.DecodeError:
            raise ApplyError(f"the record of apply {name} is damaged; remove {self.directory / name}") from None

    def _forget(self) -> None:
        decided = [record for record in self.all() if self.outcome(record.id) is not None]
        for record in decided[:-_KEPT_RECORDS]:
            shutil.rmtree(self.directory / record.id, ignore_errors=True)

    def _safe_directory(self, *, make: bool = False) -> None:
        """What lies here is loaded into the firewall: nobody else may have written it."""
        try:
            if make:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.directory.lstat()
        except FileNotFoundError:
            raise InputError("nothing was applied from here yet; `apiwatch block apply` does") from None
        except OSError as error:
            raise self._unusable(error) from None
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise ApplyError(
                f"{self.directory} must be a directory of this user that nobody else can write, since what it holds is "
                "loaded into the firewall; run this as the user that applied, or move it away"
            )

    def _unusable(self, error: OSError) -> ApplyError:
        name = plain(str(error.filename or self.directory))
        return ApplyError(f"{name} cannot be used: {error.strerror}; make room or repair its permissions")
