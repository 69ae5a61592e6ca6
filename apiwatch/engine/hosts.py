"""The test on hosts that nobody knew or that slept."""

from zlib import crc32

from apiwatch.detect.inventory.hosts import asleep_for, is_busy, is_regular, met, used, visited
from apiwatch.detect.inventory.track import HostRecord, RouteWatch, day_of
from apiwatch.detect.inventory.words import is_ordinary, is_unpublic
from apiwatch.detect.kit import DAY
from apiwatch.detect.state import sample_of
from apiwatch.engine.clients import Client
from apiwatch.engine.newcomers import NewcomerVerdicts
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome

__all__ = ["HostVerdicts"]

_OK = int(Outcome.OK)
_HOSTS_KEPT = 512
_CHECKS = 3
"""Health checks for each other request, from which on a client is a monitor."""

_NEW_A_DAY = 64
"""New hosts in a day, counted with those that never answered, above which no more are looked at."""


class HostVerdicts(NewcomerVerdicts):
    """The test on hosts of one shard."""

    def judge_host(self, event: Event) -> None:
        """A request to a host: the first one of a client on a route today, or one where all are looked at."""
        request, time, raw, source, client, route, outcome = event
        host = request.host
        record = self.inventory.hosts.get(host or "")
        if not host or (record is not None and record.busy == day_of(time)):
            return
        settings = self.settings.detectors.hosts
        answered = outcome == _OK or request.status == 500
        start = self.inventory.start
        me = crc32(client.key.encode("utf-8", "surrogatepass"))
        learning = time - start < settings.learning
        if record is not None and (
            learning
            or is_busy(record, time, settings.silence)
            or is_regular(record, me, time, start, settings.learning)
        ):
            if answered:
                visited(record, me, time, settings.busy_clients)
                self.inventory_changed = True
            return
        unpublic = is_unpublic(host)
        if record is None:
            record = self._add_host(host, time, start, answered=answered, judged=unpublic and not learning)
            if record is None:
                return
        if answered and not learning:
            met(record, me, time)
        self.inventory_changed = True
        if learning:
            visited(record, me, time, settings.busy_clients)
            return
        is_new = (
            not record.known
            and record.first - start >= settings.learning
            and not (time - record.first >= DAY and len(record.days) > 1)
        )
        asleep = 0.0 if is_new else asleep_for(record, time, settings.silence)
        remarkable = asleep or unpublic or (is_new and record.remarkable)
        if not settings.enabled or not remarkable or is_ordinary(request.path) or _is_monitor(client):
            return
        if route.inventory is None:
            route.inventory = RouteWatch(time + DAY)
        line = sample_of(time, source, request.line, raw)
        signal = used(record, time, asleep, line, settings, answered=answered, named=unpublic)
        self._signal(event, self.stand_in(f"host:{host}", "host", time, client.address), signal)

    def _add_host(self, host: str, time: float, start: float, *, answered: bool, judged: bool) -> HostRecord | None:
        """A new host; None for one that did not answer and has an ordinary name, or when there are too many today."""
        settings = self.settings.detectors.hosts
        inventory = self.inventory
        arrivals = inventory.new_hosts
        arrivals.first = start
        settled = arrivals.is_settled(time, settings.learning, settings.settled)
        if not (answered or judged) or (arrivals.today >= _NEW_A_DAY and time - start >= settings.learning):
            return None
        arrivals.count(time)
        hosts = inventory.hosts
        if len(hosts) >= _HOSTS_KEPT:
            del hosts[min(hosts, key=lambda name: (hosts[name].busy, len(hosts[name].days), hosts[name].first, name))]
        record = hosts[host] = HostRecord(time, remarkable=settled)
        return record


def _is_monitor(client: Client) -> bool:
    """Whether a client hardly does anything but ask how a service feels."""
    checks = others = 0
    for label, counts in client.routes.items():
        path = label.partition(" ")[2]
        if path and is_ordinary(path):
            checks += counts[_OK]
        elif path:
            others += counts[_OK]
    return checks >= _CHECKS * max(1, others)
