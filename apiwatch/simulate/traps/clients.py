"""Programs of honest users that send bursts, rows of numbers, and requests for what is not there."""

from collections.abc import Iterable

from apiwatch.simulate.agents import APPS
from apiwatch.simulate.attacks.swarm import Call, Turn
from apiwatch.simulate.chance import SPREAD, mix
from apiwatch.simulate.traps.trap import Trap, trap

__all__ = ["CLIENTS"]


def _sized(number: int, median: int) -> int:
    return int(median * SPREAD[mix(number, 85) & 1023])


def _product(turn: Turn) -> int:
    return 10_000 + int(900 * turn.chance.random() ** 3)


def _page(turn: Turn) -> Iterable[Call]:
    """The page on which a browser comes to the rest."""
    yield Call("GET", "/", 200, 5_318)
    yield Call("GET", "/assets/app.5f2c1e.js", 304, 0, after=0.1)
    yield Call("GET", "/api/config", 200, 1_204, after=0.2)


def _prefetch(turn: Turn) -> Iterable[Call]:
    """What the visitor might open next: twelve products in .4 s."""
    yield from _page(turn)
    for index in range(12):
        number = _product(turn)
        yield Call("GET", f"/api/products/{number}", 200, _sized(number, 2_400), after=1.0 + index / 30)


def _rsc(turn: Turn) -> Iterable[Call]:
    """A web framework fetches pages as data."""
    yield from _page(turn)
    for index in range(12):
        number = _product(turn)
        yield Call("GET", f"/products/{number}?_rsc={index:x}", 200, _sized(number, 900), after=1.0 + index / 30)


def _scroll(turn: Turn) -> Iterable[Call]:
    for index in range(40):
        yield Call("GET", f"/api/products?offset={20 * index}&limit=20", 200, 8_000 + index, after=1.5 * index)


def _pages(turn: Turn) -> Iterable[Call]:
    user = f"reader-{turn.client}"
    for index in range(1, 31):
        yield Call("GET", f"/api/orders?page={index}", 200, 2_600 + index, after=3.0 * index, user=user)


def _tiles(turn: Turn) -> Iterable[Call]:
    """A map that is dragged: tiles side by side."""
    left, top = 2_100 + int(300 * turn.chance.random()), 1_300 + int(200 * turn.chance.random())
    for index in range(48):
        tile = f"/tiles/12/{left + index % 8}/{top + index // 8}.png"
        yield Call("GET", tile, 200, _sized(index, 14_000), after=0.2 * index)


def _video(turn: Turn) -> Iterable[Call]:
    movie = 100 + int(40 * turn.chance.random())
    for index in range(90):
        segment = f"/video/{movie}/segments/{index}.ts"
        yield Call("GET", segment, 200, _sized(index, 900_000), after=4.0 * index)


def _polling(turn: Turn) -> Iterable[Call]:
    for index in range(60):
        since = 1_785_000_000 + 600 * turn.step + 5 * index
        yield Call("GET", f"/api/events?since={since}", 200, 64, after=5.0 * index, user=f"reader-{turn.client}")


def _retries(turn: Turn) -> Iterable[Call]:
    """A client without patience, and a service that is down for it."""
    for index in range(40):
        yield Call("POST", "/api/telemetry", 503, 157, after=0.25 * index, user=f"reader-{turn.client}")


def _removed(turn: Turn) -> Iterable[Call]:
    """Old apps call what is no longer there."""
    yield Call("GET", "/api/v0/banner", 404, 76)
    yield Call("GET", "/api/v0/news", 404, 76, after=0.4)


def _previews(turn: Turn) -> Iterable[Call]:
    """The pictures of one's own files; of a third of the folders they are not made yet."""
    user = f"filer-{turn.client}"
    first = 500_000 + 40 * turn.client
    missing = turn.step % 3 == 0
    yield Call("PROPFIND", f"/dav/{user}/", 207, 9_000, user=user)
    for index in range(30):
        status, size = (404, 76) if missing else (200, _sized(first + index, 9_000))
        yield Call("GET", f"/previews/{first + index}", status, size, after=1.0 + 0.05 * index, user=user)


def _deletes(turn: Turn) -> Iterable[Call]:
    """A client of WebDAV removes its files; in a third of the cases another device has done so before."""
    user = f"filer-{turn.client}"
    status = 404 if turn.step % 3 == 0 else 204
    for index in range(25):
        name = f"{mix(turn.step, index) & 0xFFFFFF:06x}"
        yield Call(
            "DELETE", f"/dav/{user}/notes/{name}.txt", status, 76 if status == 404 else 0, after=0.2 * index, user=user
        )


def _twice(turn: Turn) -> Iterable[Call]:
    """A password manager sends the old password twice, then the new one."""
    user = f"saver-{turn.client}"
    for index in range(2):
        yield Call("POST", "/api/login", 401, 83, after=0.05 * index, user=user)
    yield Call("POST", "/api/login", 200, 690 + turn.client % 40, after=20.0, user=user)


def _album(turn: Turn) -> Iterable[Call]:
    """57 photographs of an own album."""
    user = f"filer-{turn.client}"
    for index in range(57):
        bits = f"{mix(turn.client * 64 + index, 87):016x}{mix(index, turn.client):016x}"
        photo = f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"
        yield Call("GET", f"/api/photos/{photo}", 200, _sized(index, 240_000), after=0.15 * index, user=user)


def _stale(turn: Turn) -> Iterable[Call]:
    """A device whose password was changed tries once in an hour."""
    yield Call("POST", "/api/login", 401, 83, user="old-phone")


CLIENTS: tuple[Trap, ...] = (
    trap("prefetch burst", "clients", _prefetch, every=20.0, clients=400),
    trap("prefetch of a web framework", "clients", _rsc, every=20.0, clients=400),
    trap("infinite scroll", "clients", _scroll, every=120.0, clients=100),
    trap("pagination", "clients", _pages, every=300.0, clients=100),
    trap("map tiles", "clients", _tiles, every=60.0, clients=200),
    trap("video segments", "clients", _video, every=120.0, clients=100),
    trap("polling with since", "clients", _polling, every=120.0, clients=40, agents=APPS),
    trap("retry storm", "clients", _retries, every=600.0, clients=20, agents=APPS, most="medium"),
    trap("removed endpoint", "clients", _removed, every=4.0, clients=4_000, agents=APPS),
    trap("missing previews", "clients", _previews, every=300.0, clients=60),
    trap("WebDAV deletes", "clients", _deletes, every=300.0, clients=60),
    trap("password manager", "clients", _twice, every=600.0, clients=200),
    trap("photo album", "clients", _album, every=300.0, clients=60),
    trap("stale device", "clients", _stale, every=3_600.0, agents=("ExampleShop/498 (old phone)",), hours=12.0),
)
