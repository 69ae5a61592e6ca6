"""Real servers on loopback ports, in directories of their own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["free_port", "grown", "log_lines", "program", "running", "workspace"]

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
_WAIT_S = 15.0


def program(name: str) -> str:
    """Its path; the test is skipped when it is not installed."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that nobody has at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def workspace() -> Iterator[Path]:
    """A directory that every user may enter: servers that root starts work as somebody else."""
    with tempfile.TemporaryDirectory(prefix="apiwatch-programs-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@contextmanager
def running(*command: str, ports: tuple[int, ...], directory: Path, **environment: str) -> Iterator[Path]:
    """A server in the foreground, listening when the block begins, ended with SIGTERM and gone when it is left.

    Yields the file with what it prints on standard output; a server that does not start fails with what it said.
    """
    output, errors = directory / "stdout", directory / "stderr"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=directory,
            env={"PATH": PATH, "HOME": str(directory), "TZ": "UTC", **environment},
            start_new_session=True,
        )
    try:
        end = time.monotonic() + _WAIT_S
        while not all(_listens(port) for port in ports):
            said = f"{errors.read_text('utf-8', 'replace')}{output.read_text('utf-8', 'replace')}"
            assert process.poll() is None, f"{command[0]} has ended: {said}"
            assert time.monotonic() < end, f"{command[0]} does not listen: {said}"
            time.sleep(0.02)
        yield output
        assert process.poll() is None, f"{command[0]} has ended by itself"
    finally:
        process.terminate()
        try:
            process.wait(_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    """Whether somebody listens, asked without a connection that the server would log."""
    wanted = f"{port:04X}"
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[1].rpartition(":")[2] == wanted:
                return True
    return False


def grown(path: Path, count: int) -> None:
    """Wait until a log has that many lines: many servers write a line after the client has its answer."""
    end = time.monotonic() + _WAIT_S
    while not path.exists() or len(log_lines(path)) < count:
        assert time.monotonic() < end, (
            f"{path.name} has {len(log_lines(path)) if path.exists() else 0} of {count} lines"
        )
        time.sleep(0.005)


def log_lines(path: Path) -> list[bytes]:
    """Complete lines of a log."""
    return path.read_bytes().split(b"\n")[:-1]
