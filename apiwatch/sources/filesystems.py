"""Which kind of file system a file lies on: only local ones tell by inotify of every write."""

import re
from pathlib import Path

__all__ = ["Filesystems", "tells_of_writes"]

_LOCAL = frozenset(("bcachefs", "btrfs", "devtmpfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "ntfs3"))
_LOCAL |= {"ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs"}
_MOUNT_ID = re.compile(r"^mnt_id:\s*(\d+)$", re.MULTILINE)


def tells_of_writes(kind: str) -> bool:
    """Whether inotify sees every write on this kind of file system.

    Not on NFS, CIFS, 9p, FUSE and the like, where others write elsewhere (inotify(7)), and not on overlay, where the
    first write moves a file to another inode. Kinds that are not known count to those.
    """
    return kind in _LOCAL


class Filesystems:
    """Kinds of the file systems that open files lie on."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        """By mount id."""

    def kind(self, descriptor: int) -> str:
        """Kind of the file system of an open file, such as 'ext4'; '' when the kernel does not tell (proc(5))."""
        try:
            found = _MOUNT_ID.search(Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii"))
            if found is None:
                return ""
            if found[1] not in self._kinds:
                self._kinds = _mounted()
        except (OSError, UnicodeDecodeError):
            return ""
        return self._kinds.get(found[1], "")

    def forget(self) -> None:
        """Ask the kernel again: the id of a mount may be given to another one."""
        self._kinds = {}


def _mounted() -> dict[str, str]:
    kinds = {}
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        mount, _, source = line.partition(b" - ")
        kinds[mount.split()[0].decode()] = source.split()[0].decode()
    return kinds
