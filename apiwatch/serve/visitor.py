"""One visitor: a dashboard in a process of its own, fed by a websocket."""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

__all__ = ["Visitor", "clamped"]

_QUIT_S = 3.0
"""Seconds that a dashboard may take to end by itself, and again after SIGTERM."""

_WIDEST, _HIGHEST = 500, 200


class Visitor(AppService):
    """Textual's protocol over the pipes of a process that ends with its connection, or with this server.

    The process is started without a shell. It also holds the reading end of a pipe, the lifeline, whose other end only
    this server has: when the server dies, even by SIGKILL, the pipe closes and the dashboard ends.
    """

    def __init__(self, command: Sequence[str], socket: web.WebSocketResponse, downloads: DownloadManager) -> None:
        super().__init__(
            "",
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._arguments = tuple(command)
        self._socket = socket
        self._lifeline: int | None = None

    async def _close(self) -> None:
        await self._socket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                f"--served={lifeline}",
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                pass_fds=(lifeline,),
                env=self._build_environment(width=width, height=height),
                start_new_session=True,
            )
        finally:
            os.close(lifeline)
        self._stdin = self._process.stdin
        return self._process

    async def talk(self) -> None:
        """Hand on what the browser sends, until it goes or sends what no browser sends."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT or not await self._handle(message.data):
                return

    async def _handle(self, text: str) -> bool:
        try:
            match msgspec.json.decode(text):
                case ["stdin", str() as keys]:
                    await self.send_bytes(keys.encode("utf-8", "replace"))
                case ["resize", {"width": int() as width, "height": int() as height}]:
                    await self.set_terminal_size(*clamped(width, height))
                case ["ping", str() as sent]:
                    await self._socket.send_json(["pong", sent])
                case ["blur"]:
                    await self.blur()
                case ["focus"]:
                    await self.focus()
                case _:
                    return False
        except (msgspec.DecodeError, ConnectionError):
            return False
        return True

    async def stop(self) -> None:
        """End the process: ask, then SIGTERM, then SIGKILL. Safe to call twice."""
        process, task = self._process, self._task
        self._task = None
        if process is not None and process.returncode is None:
            await _within(_QUIT_S, self._ask(), process.wait())
            if process.returncode is None:
                process.terminate()
                await _within(_QUIT_S, process.wait())
            if process.returncode is None:
                process.kill()
                await process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if task is not None:
            await _within(_QUIT_S, task)
            task.cancel()

    async def _ask(self) -> None:
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        await self.send_meta({"type": "quit"})


def clamped(width: int, height: int) -> tuple[int, int]:
    """A size in cells that a dashboard is ready to draw."""
    return max(1, min(width, _WIDEST)), max(1, min(height, _HIGHEST))


async def _within(seconds: float, *steps: Any) -> None:
    async def all_of_them() -> None:
        for step in steps:
            await step

    with contextlib.suppress(TimeoutError, asyncio.CancelledError, ConnectionError):
        await asyncio.wait_for(all_of_them(), seconds)
