"""A visit to the ticket office: looking around, waiting, choosing seats side by side, paying, showing passes."""

from collections.abc import Iterator
from random import Random

from apiwatch.simulate.chance import DURATIONS, mix, stream, thinking
from apiwatch.simulate.holdout.house import API, FILES, SITE, House, booking, code, sized, uuid
from apiwatch.simulate.model import Hit, Stage
from apiwatch.simulate.population import Visit, crowd

__all__ = ["REFUSED", "VISIT_HITS", "VISIT_SECONDS", "guests"]

VISIT_HITS, VISIT_SECONDS = 24.92, 105.5
"""Mean requests and seconds of a visit; checked by a test."""

REFUSED = 57
"""Bytes of the answer to a wrong password: its status is 200, as of every answer of the log-in."""

_CITIES = ("berlin", "wien", "z%C3%BCrich", "k%C3%B6ln", "hamburg", "graz")
_GENRES = ("rock", "jazz", "musical", "comedy", "classic", "kids", "sport")
_FILES = (("/app-7e1.mjs", 301_220), ("/app-7e1.css", 38_114), ("/fonts/box.woff2", 61_004), ("/i/sprite.svg", 14_402))
_PROBLEM = 214
"""Bytes of an error (RFC 9457)."""


def guests(stage: Stage) -> Iterator[Hit]:
    """The requests of all guests."""
    house = House(stage.seed, stage.rate)
    chance = stream(stage.seed, "guests")

    def visit(midway: bool) -> Visit:
        return _Visit(house, chance, int(house.guests * chance.random() ** 1.5), midway)

    return crowd(stage, chance, visit, VISIT_HITS, VISIT_SECONDS)


class _Visit:
    __slots__ = ("_basket", "_chance", "_guest", "_house", "_let_in", "_show", "_steps", "_wrong")

    def __init__(self, house: House, chance: Random, number: int, midway: bool) -> None:
        self._house, self._chance = house, chance
        self._guest = house.guest(number, chance.getrandbits(20))
        self._steps = 0 if not midway else 1
        self._let_in = midway and chance.random() < 0.3
        self._show = house.show(chance)
        self._basket = ""
        self._wrong = 0

    def step(self, now: float, out: list[Hit], /) -> float | None:
        """See `Visit`."""
        self._steps += 1
        if self._steps == 1:
            return self._arrive(now, out)
        draw = self._chance.random()
        if draw < 0.13:
            return None
        if draw < 0.30:
            return self._find(now, out)
        if draw < 0.62:
            return self._look(now, out)
        if draw < 0.76:
            return self._seats(now, out)
        if not self._let_in:
            return self._log_in(now, out)
        return self._own(now, out) if draw < 0.90 else self._buy(now, out)

    def _say(self, now: float, method: str, target: str, status: int, size: int, out: list[Hit], host: str) -> None:
        guest, chance = self._guest, self._chance
        client = guest.clients[int(len(guest.clients) * chance.random())]
        referer = None if guest.app else f"https://{SITE}/"
        duration = DURATIONS[int(1024 * chance.random())]
        user = guest.mail if self._let_in else None
        out.append(Hit(now, client, user, method, target, status, size, referer, guest.agent, duration, host))

    def _ask(self, now: float, target: str, status: int, size: int, out: list[Hit], method: str = "GET") -> None:
        if self._chance.random() < 1 / 2_000:
            status, size = 503, _PROBLEM
        self._say(now, method, target, status, size, out, API)

    def _arrive(self, now: float, out: list[Hit]) -> float:
        chance = self._chance
        if self._guest.app:
            self._let_in = chance.random() < 0.7
            status, size = (200, 1_020) if self._let_in else (401, _PROBLEM)
            self._ask(now, "/identity/session", status, size, out)
        else:
            self._say(now, "GET", "/" if chance.random() < 0.5 else f"/s/{code(self._show)}", 200, 17_500, out, SITE)
            for target, size in _FILES:
                if chance.random() < 0.6:
                    self._say(now + 0.1, "GET", target, 200, size, out, FILES)
            if chance.random() < 0.3:
                self._ask(now + 0.4, "/consent", 204, 0, out, "POST")
        self._ask(now + 0.5, "/graphql?operationName=Landing", 200, 22_140, out, "POST")
        return now + 1 + thinking(chance)

    def _find(self, now: float, out: list[Hit]) -> float:
        chance = self._chance
        city, genre = chance.choice(_CITIES), chance.choice(_GENRES)
        self._ask(now, f"/shows;city={city};genre={genre}?first=20", 200, 9_900 + 40 * len(genre), out)
        return now + 1 + thinking(chance)

    def _look(self, now: float, out: list[Hit]) -> float:
        show = self._show = self._house.show(self._chance)
        self._ask(now, f"/shows/{code(show)}", 200, sized(show, 61, 3_300), out)
        self._say(now + 0.1, "GET", f"/posters/{code(show)}.avif", 200, sized(show, 62, 44_000), out, FILES)
        self._ask(now + 0.2, f"/shows/{code(show)}/performances", 200, sized(show, 63, 5_200), out)
        if self._chance.random() < 0.4:
            offered = show % 3 > 0
            self._ask(now + 0.3, f"/shows/{code(show)}/offers", *((200, 880) if offered else (404, _PROBLEM)), out)
        return now + 1 + thinking(self._chance)

    def _performance(self) -> int:
        return self._show * 40 + int((2 + self._show % 30) * self._chance.random())

    def _seats(self, now: float, out: list[Hit]) -> float:
        """The plan of the hall, some seats next to each other, and whether they are still free."""
        chance = self._chance
        performance = self._performance()
        place = uuid(performance, 64)
        self._ask(now, f"/performances/{place}/seatmap", 200, sized(performance, 66, 88_000), out)
        seat = 1 + int(880 * chance.random())
        for index in range(int(5 * chance.random())):
            self._ask(now + 2.0 + index, f"/performances/{place}/seats/{seat + index}", 200, 310, out)
        for index in range(int(6 * chance.random())):
            self._ask(now + 8.0 + 4 * index, f"/performances/{place}/availability?rev={40 + index}", 200, 96, out)
        return now + 12 + thinking(chance)

    def _log_in(self, now: float, out: list[Hit]) -> float:
        chance = self._chance
        self._let_in = chance.random() >= (0.08, 0.35, 0.45)[min(2, self._wrong)]
        size = 1_020 + len(self._guest.mail) if self._let_in else REFUSED
        duration = DURATIONS[int(1024 * chance.random())]
        guest = self._guest
        out.append(
            Hit(
                now, guest.clients[0], guest.mail, "POST", "/identity/session", 200, size,
                None if guest.app else f"https://{SITE}/", guest.agent, duration, API,
            )
        )  # fmt: skip
        if not self._let_in:
            self._wrong += 1
            return now + 4 + thinking(chance)
        self._ask(now + 0.2, "/graphql?operationName=Me", 200, 640 + guest.number % 300, out, "POST")
        return now + 1 + thinking(chance)

    def _own(self, now: float, out: list[Hit]) -> float:
        """Own bookings; the passes of a party are numbered in a row."""
        number, chance = self._guest.number, self._chance
        index = int((1 + number % 6) * chance.random())
        mine = self._house.booking(number, index)
        self._ask(now, f"/guests/{uuid(number, 67)}/reservations", 200, 700 + 240 * (1 + number % 6), out)
        self._ask(now + 3, f"/reservations/{booking(mine)}", 200, sized(mine, 69, 1_500), out)
        if chance.random() < 0.5:
            first = self._house.first_pass(number, index)
            for place in range(1 + mine % 4):
                self._ask(now + 6 + place, f"/passes/{first + place}", 200, sized(first + place, 70, 2_100), out)
        return now + 10 + thinking(chance)

    def _buy(self, now: float, out: list[Hit]) -> float:
        chance = self._chance
        number = self._guest.number
        if not self._basket or chance.random() < 0.1:
            self._basket = uuid(mix(number, int(now)), 71)
        row, seat = int(30 * chance.random()), int(40 * chance.random())
        taken = chance.random() < 0.2
        self._ask(now, f"/baskets/{self._basket}/seats/P{row}-{seat}", 409 if taken else 200, 190, out, "PUT")
        if chance.random() < 0.15:
            self._ask(now + 30, f"/baskets/{self._basket}", 410, _PROBLEM, out)
            return now + 31 + thinking(chance)
        self._ask(now + 9, f"/baskets/{self._basket}/checkout", 303, 0, out, "POST")
        mine = self._house.booking(number, 6 + int(now) % 58)
        self._ask(now + 10, f"/reservations/{booking(mine)}", 200, sized(mine, 69, 1_500), out)
        return now + 12 + thinking(chance)
