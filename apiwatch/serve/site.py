"""The web application: checks every request, shows the page, and gives each websocket a visitor."""

import asyncio
import contextlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from textual_serve.download_manager import DownloadManager

from apiwatch.serve import pages
from apiwatch.serve.access import Access
from apiwatch.serve.visitor import Visitor, clamped

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

__all__ = ["Site"]

_HEARTBEAT_S = 15.0
_MESSAGE_BYTES = 65_536
_BODY_BYTES = 4096
_WRONG_TOKEN_S = 1.0
_OPEN_PATHS = frozenset({"/", "/login", "/static/page.css"})
"""What somebody without the token may ask for: none of it shows anything."""


class Site:
    """At most `most` visitors at a time; each is `command` in a process of its own."""

    def __init__(self, access: Access, command: Sequence[str], most: int, cookie: str) -> None:
        self._access = access
        self._command = tuple(command)
        self._most = most
        self._cookie = cookie
        self._downloads = DownloadManager()
        self._sockets: set[web.WebSocketResponse] = set()
        self._wrong = asyncio.Lock()
        self.app = web.Application(middlewares=[self._checked], client_max_size=_BODY_BYTES)
        self.app.add_routes(
            [
                web.get("/", self._page),
                web.post("/login", self._login),
                web.get("/ws", self._websocket),
                web.get("/download/{key}", self._download),
                web.static("/static/textual", Path(str(files("textual_serve") / "static"))),
                web.static("/static", Path(__file__).parent / "static"),
            ]
        )
        self.app.on_response_prepare.append(_with_headers)
        self.app.on_shutdown.append(self._shut_down)

    @web.middleware
    async def _checked(self, request: web.Request, handler: "Handler") -> web.StreamResponse:
        page = request.method == "GET" and request.path == "/"
        site = None if page else request.headers.get("Sec-Fetch-Site")
        refusal = self._access.refusal(request.headers.get("Host", ""), request.headers.get("Origin"), site)
        if refusal:
            return _html(pages.message(refusal), 403)
        known = self._access.admits(request.cookies.get(self._cookie), request.headers.get("Authorization"))
        if not known and request.path not in _OPEN_PATHS:
            return _html(pages.message("the access token is missing or wrong"), 401)
        if page and not known and "token" not in request.query:
            return _html(pages.login(), 401)
        return await handler(request)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        code = request.query.get("token")
        if code is not None and self._access.asks:
            if not self._access.takes_code(code):
                await self._slow_down()
                return _html(pages.login("this link was used already, or is not one of this server"), 401)
            return self._admitted(request)
        return _html(pages.dashboard())

    async def _login(self, request: web.Request) -> web.StreamResponse:
        given = (await request.post()).get("token")
        if not isinstance(given, str) or not self._access.is_token(given.strip()):
            await self._slow_down()
            return _html(pages.login("this is not the token"), 401)
        return self._admitted(request)

    def _admitted(self, request: web.Request) -> web.Response:
        response = _html(pages.admitted())
        response.set_cookie(
            self._cookie,
            self._access.new_session(),
            httponly=True,
            samesite="Strict",
            path="/",
            secure=request.headers.get("X-Forwarded-Proto", request.scheme) == "https",
        )
        return response

    async def _slow_down(self) -> None:
        """One wrong token a second, whoever sends them."""
        async with self._wrong:
            await asyncio.sleep(_WRONG_TOKEN_S)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= self._most:
            return _html(pages.message(f"all {self._most} places are taken"), 503)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_MESSAGE_BYTES)
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            visitor = Visitor(self._command, socket, self._downloads)
            try:
                await visitor.start(*clamped(_number(request, "width", 80), _number(request, "height", 24)))
                await visitor.talk()
            finally:
                await asyncio.shield(visitor.stop())
        finally:
            self._sockets.discard(socket)
            with contextlib.suppress(ConnectionError):
                await socket.close()
        return socket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            found = await self._downloads.get_download_metadata(request.match_info["key"])
        except KeyError:
            return _html(pages.message("there is no such file"), 404)
        name = "".join(char if char.isalnum() or char in "-_." else "_" for char in found.file_name)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f'attachment; filename="{name}"',
            }
        )
        await response.prepare(request)
        async for chunk in self._downloads.download(found.delivery_key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _shut_down(self, _app: web.Application) -> None:
        await asyncio.gather(*(socket.close() for socket in tuple(self._sockets)), return_exceptions=True)


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(pages.HEADERS)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise
