"""User agents of the simulated clients, in shares like those of a shop with a web page and two apps."""

__all__ = ["APPS", "BROWSERS", "PHONES", "agent"]

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {v}_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROMES = (124, 125, 126, 126, 126, 127)

BROWSERS: tuple[str, ...] = (
    *(f"{_WINDOWS} {_CHROME.format(v=v)}" for v in _CHROMES for _ in range(2)),
    *(f"{_MAC} {_CHROME.format(v=v)}" for v in _CHROMES),
    *(f"{_WINDOWS} {_CHROME.format(v=v)} Edg/{v}.0.0.0" for v in (125, 126, 126)),
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0" for v in (115, 127, 127)),
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    *(f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{v} Safari/605.1.15" for v in (3, 4, 5, 5)),
    f"{_WINDOWS} {_CHROME.format(v=125)} OPR/111.0.0.0",
)
"""Desktop browsers; an entry stands as often as it is common."""

PHONES: tuple[str, ...] = (
    *(f"{_IPHONE.format(v=v)} Version/{v}.5 Mobile/15E148 Safari/604.1" for v in (16, 17, 17, 17)),
    *(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Chrome/{v}.0.0.0 Mobile Safari/537.36"
        for v in (124, 126, 126, 127)
    ),
    "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)"
    " SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    f"{_IPHONE.format(v=17)} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
)
"""Browsers of phones."""

APPS: tuple[str, ...] = (
    *(f"ExampleShop/{v} (iPhone; iOS 17.5.1; Scale/3.00) CFNetwork/1496.0.7 Darwin/23.5.0" for v in (512, 514, 514)),
    "ExampleShop/498 (iPhone; iOS 16.7.8; Scale/2.00) CFNetwork/1410.1 Darwin/22.6.0",
    *(f"ExampleShop/{v} (Android 14; Pixel 8) okhttp/4.12.0" for v in ("5.14.0", "5.14.1")),
    "ExampleShop/5.12.3 (Android 13; SM-A546B) okhttp/4.12.0",
    'ExampleShop/5.14.1 (Android 12; Tablet 10.1" Édition) okhttp/4.12.0',
)
"""The shop's own apps; one device name holds a quote and a letter beyond ASCII, which every format escapes its way."""


def agent(pool: tuple[str, ...], bits: int) -> str:
    """One of a pool, by the bits of a hash."""
    return pool[bits % len(pool)]
