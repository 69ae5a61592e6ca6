"""A visit to the simulated shop: a Markov walk over its pages and its API, with think times between the steps."""

from random import Random

from apiwatch.simulate.chance import DURATIONS, mix, thinking
from apiwatch.simulate.model import HOST, Hit
from apiwatch.simulate.world import Person, World

__all__ = ["Session"]

_SITE = f"https://{HOST}"
_FOUND_BY = ("https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/", None, None, None)
_WORDS = (
    "lamp", "desk+lamp", "chair", "office+chair", "table", "shelf", "bookshelf", "rug", "curtain", "mirror", "sofa",
    "sofa+bed", "pillow", "blanket", "caf%C3%A9+table", "k%C3%BCche", "desk%20organizer", "clock", "vase", "basket",
)  # fmt: skip
_CATEGORIES = ("living", "kitchen", "office", "bath", "garden", "kids", "sale")
_ASSETS = (
    ("/assets/app.5f2c1e.js", 214_338),
    ("/assets/vendor.91ab07.js", 388_120),
    ("/assets/app.77d0c3.css", 41_870),
    ("/assets/inter.woff2", 48_256),
    ("/assets/logo.svg", 3_912),
)
_WRONG = (0.05, 0.3, 0.4, 0.5)
"""Chance that the first, second ... attempt of a log-in is mistyped."""

_PAGE_SIZE, _MISSING_SIZE = 5_318, 548

HOME, LIST, PRODUCT, SEARCH, ORDERS, ORDER, PROFILE, EDIT, CART, BUY, POLL, LEAVE = range(12)
_NEXT: tuple[tuple[int, ...], ...] = (
    (LIST,) * 7 + (SEARCH,) * 4 + (PRODUCT,) * 4 + (ORDERS,) * 3 + (POLL,) + (LEAVE,),
    (PRODUCT,) * 11 + (LIST,) * 5 + (SEARCH,) * 2 + (LEAVE,) * 2,
    (PRODUCT,) * 6 + (LIST,) * 6 + (CART,) * 2 + (SEARCH,) * 2 + (HOME,) + (LEAVE,) * 3,
    (PRODUCT,) * 10 + (SEARCH,) * 5 + (LIST,) * 3 + (LEAVE,) * 2,
    (ORDER,) * 14 + (HOME,) * 3 + (PROFILE,) + (LEAVE,) * 2,
    (ORDER,) * 3 + (ORDERS,) * 6 + (HOME,) * 4 + (POLL,) * 2 + (PROFILE,) + (LEAVE,) * 4,
    (EDIT,) * 6 + (ORDERS,) * 6 + (HOME,) * 5 + (LEAVE,) * 3,
    (PROFILE,) * 5 + (HOME,) * 9 + (LEAVE,) * 6,
    (BUY,) * 7 + (LIST,) * 7 + (PRODUCT,) * 3 + (LEAVE,) * 3,
    (ORDER,) * 8 + (HOME,) * 4 + (LEAVE,) * 8,
    (POLL,) * 8 + (ORDERS,) * 4 + (HOME,) * 5 + (LEAVE,) * 3,
)
"""From each state the next one, drawn evenly from twenty."""

_MEMBERS = frozenset({ORDERS, ORDER, PROFILE, EDIT, BUY, POLL})


class Session:
    """One visit: `step` appends the requests of a page and says when the next one follows."""

    __slots__ = ("_chance", "_epoch", "_person", "_referer", "_state", "_user", "_visited", "_world")

    def __init__(self, world: World, chance: Random, number: int, epoch: float, *, midway: bool = False) -> None:
        self._world = world
        self._chance = chance
        self._epoch = epoch
        self._person: Person = world.person(number, chance.getrandbits(30))
        self._referer: str | None = None
        self._visited = chance.random() < 0.6
        self._state = -1
        self._user: str | None = None
        if midway:
            self._state = (HOME, LIST, PRODUCT, PRODUCT, ORDERS)[int(chance.random() * 5)]
            self._visited = True
            self._referer = None if self._person.app else f"{_SITE}/"
            if self._state == ORDERS or chance.random() < 0.75:
                self._user = self._person.name

    def step(self, now: float, out: list[Hit]) -> float | None:
        """Append the requests of the next step, all from `now` on; the time of the step after it, None at the end."""
        chance = self._chance
        state = self._state
        if state < 0:
            self._state = HOME
            return self._arrive(now, out)
        if state in _MEMBERS and self._user is None:
            state = PRODUCT
        if state == LEAVE:
            if self._user is not None and chance.random() < 0.12:
                self._api(now, "POST", "/api/logout", 204, 0, out)
            return None
        self._state = _NEXT[state][int(chance.random() * 20)]
        _STEPS[state](self, now, out)
        return now + 1.0 + thinking(chance)

    def _hit(
        self, time: float, method: str, target: str, status: int, size: int, out: list[Hit], user: str | None
    ) -> None:
        person = self._person
        duration = DURATIONS[int(self._chance.random() * 1024)]
        out.append(Hit(time, person.client, user, method, target, status, size, self._referer, person.agent, duration))

    def _api(self, time: float, method: str, target: str, status: int, size: int, out: list[Hit]) -> None:
        """A call of the API as whoever is logged in; one in 1 500 fails inside the service."""
        if self._chance.random() < 1 / 1500:
            status, size = (502, 157) if self._chance.random() < 0.7 else (500, 112)
        self._hit(time, method, target, status, size, out, self._user)

    def _arrive(self, now: float, out: list[Hit]) -> float:
        """Load the page, then log in, or go on with a token of an earlier visit, or look around as a guest."""
        chance = self._chance
        if not self._person.app:
            now = self._load_page(now, out)
        kind = chance.random()
        if kind < 0.25 and not self._person.app:
            self._api(now, "GET", "/api/config", 200, 1_204, out)
            return now + thinking(chance)
        if kind < 0.62:
            if kind < 0.59:
                self._user = self._person.name
                self._me(now, out)
                return now + 0.5 + thinking(chance)
            self._hit(now, "GET", "/api/me", 401, 71, out, None)
            now += 0.15
            if chance.random() < 0.92:
                self._hit(now, "POST", "/api/token/refresh", 200, self._token_size(), out, None)
                self._user = self._person.name
                self._me(now + 0.1, out)
                return now + 0.5 + thinking(chance)
            self._hit(now, "POST", "/api/token/refresh", 401, 71, out, None)
        return self._log_in(now + 2.0 + thinking(chance), out)

    def _load_page(self, now: float, out: list[Hit]) -> float:
        chance = self._chance
        found_by = _FOUND_BY[int(chance.random() * len(_FOUND_BY))]
        self._referer = found_by
        path = "/"
        if found_by is not None and chance.random() < 0.5:
            path = f"/products/{self._world.product(chance)}"
        self._hit(now, "GET", path, 200, _PAGE_SIZE, out, None)
        self._referer = f"{_SITE}{path}"
        known = self._visited
        for target, size in _ASSETS:
            if known and chance.random() < 0.7:
                continue
            now += 0.02 + 0.08 * chance.random()
            status = 304 if known else 200
            self._hit(now, "GET", target, status, 0 if known else size, out, None)
        if not known and chance.random() < 0.5:
            icon = "/apple-touch-icon.png" if "iPhone" in self._person.agent else "/favicon.ico"
            self._hit(now + 0.1, "GET", icon, 404, _MISSING_SIZE, out, None)
        self._visited = True
        return now + 0.3

    def _log_in(self, now: float, out: list[Hit]) -> float:
        """A log-in with its typing errors; who fails four times asks for a new password, and gets in with that."""
        chance = self._chance
        name = self._person.name
        for wrong in _WRONG:
            if chance.random() >= wrong:
                return self._let_in(now, out)
            self._hit(now, "POST", "/api/login", 401, 83, out, name)
            now += 3.0 + thinking(chance)
        self._hit(now, "POST", "/api/password/reset", 202, 0, out, None)
        return self._let_in(now + 60.0 + 5 * thinking(chance), out)

    def _let_in(self, now: float, out: list[Hit]) -> float:
        self._user = self._person.name
        self._hit(now, "POST", "/api/login", 200, self._token_size(), out, self._user)
        self._me(now + 0.2, out)
        return now + 0.7 + thinking(self._chance)

    def _token_size(self) -> int:
        """Size of an answer with a token: tokens hold the name, so that it varies between users."""
        return 688 + (4 * len(self._person.name)) // 3

    def _me(self, now: float, out: list[Hit]) -> None:
        person = self._person
        self._api(now, "GET", "/api/me", 200, self._world.size(1, person.id, 420), out)
        self._api(now + 0.03, "GET", "/api/notifications?since=0", 200, 64 + 180 * (person.id % 5), out)

    def _home(self, now: float, out: list[Hit]) -> None:
        self._go("/")
        self._api(now, "GET", "/api/products?sort=popular&page=1", 200, 9_412, out)
        if self._user is not None:
            self._api(now + 0.05, "GET", "/api/cart", 200, 88 + 240 * (self._person.id % 3), out)
        self._thumbnails(now, out)

    def _list(self, now: float, out: list[Hit]) -> None:
        chance = self._chance
        category = _CATEGORIES[int(chance.random() * chance.random() * len(_CATEGORIES))]
        page = 1 + int(4 * chance.random() * chance.random())
        self._go(f"/{category}")
        self._api(
            now, "GET", f"/api/products?category={category}&page={page}", 200, 8_100 + 97 * (len(category) + page), out
        )
        self._thumbnails(now, out)

    def _thumbnails(self, now: float, out: list[Hit]) -> None:
        """Browsers fetch the pictures in view that they do not hold yet."""
        if self._person.app:
            return
        chance = self._chance
        for _ in range(int(5 * chance.random())):
            now += 0.03 + 0.1 * chance.random()
            product = self._world.product(chance)
            cached = chance.random() < 0.3
            size = 0 if cached else self._world.size(2, product, 18_000)
            self._hit(now, "GET", f"/images/{product}.webp", 304 if cached else 200, size, out, None)

    def _product(self, now: float, out: list[Hit]) -> None:
        chance = self._chance
        world = self._world
        if chance.random() < 0.01:
            gone = world.gone[int(chance.random() * chance.random() * len(world.gone))]
            self._go(f"/products/{gone}")
            self._api(now, "GET", f"/api/products/{gone}", 404, 76, out)
            return
        product = world.product(chance)
        if not self._person.app and chance.random() < 0.25:
            self._hit(now, "GET", f"/products/{product}", 200, _PAGE_SIZE, out, None)
            now += 0.3
        self._go(f"/products/{product}")
        self._api(now, "GET", f"/api/products/{product}", 200, world.size(3, product, 2_400), out)
        if chance.random() < 0.6:
            self._api(now + 0.2, "GET", f"/api/products/{product}/reviews", 200, world.size(4, product, 3_900), out)

    def _search(self, now: float, out: list[Hit]) -> None:
        chance = self._chance
        word = _WORDS[int(chance.random() * chance.random() * len(_WORDS))]
        self._go(f"/search?q={word}")
        size = 34 if chance.random() < 0.08 else 1_200 + 61 * len(word)
        self._api(now, "GET", f"/api/search?q={word}&limit=20", 200, size, out)

    def _orders(self, now: float, out: list[Hit]) -> None:
        self._go("/account/orders")
        page = 2 if self._chance.random() < 0.1 else 1
        size = 380 + 410 * (1 + self._person.id % 9)
        self._api(now, "GET", f"/api/orders?page={page}", 200, size, out)

    def _order(self, now: float, out: list[Hit]) -> None:
        order = self._world.own_order(self._person.number, self._chance)
        self._go(f"/account/orders/{order}")
        self._api(now, "GET", f"/api/orders/{order}", 200, self._world.size(5, order, 860), out)

    def _profile(self, now: float, out: list[Hit]) -> None:
        self._go("/account")
        user = self._person.id
        self._api(now, "GET", f"/api/users/{user}", 200, self._world.size(6, user, 710), out)

    def _edit(self, now: float, out: list[Hit]) -> None:
        user = self._person.id
        status, size = (422, 139) if self._chance.random() < 0.08 else (200, self._world.size(6, user, 710))
        self._api(now, "PUT", f"/api/users/{user}", status, size, out)

    def _cart(self, now: float, out: list[Hit]) -> None:
        self._go("/cart")
        self._api(now, "POST", "/api/cart/items", 201, 212, out)
        self._api(now + 0.1, "GET", "/api/cart", 200, 328 + 240 * int(3 * self._chance.random()), out)

    def _buy(self, now: float, out: list[Hit]) -> None:
        self._go("/checkout")
        self._api(now, "POST", "/api/orders", 201, 931, out)
        order = self._world.order(self._person.number, 16 + mix(int(now), self._person.number) % 4080)
        self._api(now + 0.4, "GET", f"/api/orders/{order}", 200, self._world.size(5, order, 860), out)

    def _poll(self, now: float, out: list[Hit]) -> None:
        since = int(self._epoch + now) // 60 * 60
        self._api(now, "GET", f"/api/notifications?since={since}", 200, 64, out)

    def _go(self, path: str) -> None:
        """The browser is now on this page of the shop; the app names none."""
        if not self._person.app:
            self._referer = _SITE + path


_STEPS = (
    Session._home,
    Session._list,
    Session._product,
    Session._search,
    Session._orders,
    Session._order,
    Session._profile,
    Session._edit,
    Session._cart,
    Session._buy,
    Session._poll,
)
