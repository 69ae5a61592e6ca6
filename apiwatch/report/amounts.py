"""How much was tried and what came of it: the counts of the tests that lean against the clients of an incident."""

from collections.abc import Iterable, Sequence

from apiwatch.model import Alert
from apiwatch.report.incident import Amount
from apiwatch.store.views import ClientDetail, Mix, SuspectView

__all__ = ["amounts_of", "sum_of"]

_FAMILIES = {"enumeration": "enumeration", "scraping": "enumeration", "auth": "auth"}


def amounts_of(clients: Sequence[ClientDetail], alerts: Sequence[Alert]) -> tuple[Amount, ...]:
    """What was tried by route, most first.

    Several tests watch the same requests: of one principal on one route the largest count of each kind is taken, and
    these are added up over the principals. Objects that two principals tried count twice. Where no test of a single
    client counted, as for a crowd of quiet ones, all requests of the clients on the alert's route stand for it.
    """
    alert_ids = {alert.id for alert in alerts}
    largest: dict[tuple[str, str, str, str, str], Amount] = {}
    for view in _suspects(clients):
        if view.alert_id and alert_ids and view.alert_id not in alert_ids:
            continue
        family = _FAMILIES[view.family]
        key = (family, view.host, view.route, view.principal, view.parameter)
        known = largest.get(key, Amount(family, view.host, view.route, 0, 0, 0))
        largest[key] = Amount(
            family,
            view.host,
            view.route,
            max(known.tried, view.objects),
            max(known.failed, view.failures),
            max(known.succeeded, view.successes),
        )
    sums: dict[tuple[str, str, str], Amount] = {}
    for each in largest.values():
        place = (each.family, each.host, each.route)
        known = sums.get(place, Amount(*place, 0, 0, 0))
        sums[place] = Amount(
            *place, known.tried + each.tried, known.failed + each.failed, known.succeeded + each.succeeded
        )
    counted = {route for _, _, route in sums}
    for route in dict.fromkeys(alert.route for alert in alerts if alert.route and alert.route not in counted):
        views = [view for detail in clients for view in detail.routes if view.route == route]
        if views:
            tried, bad = sum(view.objects for view in views), sum(view.mix.failed for view in views)
            sums["route", "", route] = Amount("route", "", route, tried, bad, sum(view.mix.ok for view in views))
    return tuple(sorted(sums.values(), key=lambda each: (-each.tried, each.family, each.host, each.route)))


def sum_of(mixes: Iterable[Mix]) -> Mix:
    """Outcomes and bytes of several mixes as one; status classes are left out."""
    names = ("requests", "ok", "miss", "deny", "limited", "err", "neutral", "bytes")
    known = list(mixes)
    return Mix(**{name: sum(getattr(mix, name) for mix in known) for name in names})


def _suspects(clients: Iterable[ClientDetail]) -> Iterable[SuspectView]:
    """Tests of these clients, each once although several clients share a principal."""
    views = (view for detail in clients for view in detail.suspects if view.family in _FAMILIES)
    return dict.fromkeys(views)
