"""All clients of a route together: their votes, the campaign that a population test opens, and who takes part."""

from apiwatch.config import Settings
from apiwatch.detect.campaign import (
    CLUSTER,
    MEMBERS_KEPT,
    Crowd,
    cell_of,
    count_cell,
    keep_suspect,
    network_of,
    striking,
)
from apiwatch.detect.crowds import Campaign, Period, RoutePopulation
from apiwatch.detect.population import (
    POPULATION_TESTS,
    population_severity,
    share_tests,
)
from apiwatch.detect.scoring import score
from apiwatch.detect.signal import Facts, Signal
from apiwatch.detect.state import Principal, RouteState, keep_sample, sample_of
from apiwatch.engine.clients import LAST, Client
from apiwatch.engine.principals import network_key
from apiwatch.engine.verdicts import Event, Verdicts, is_cold
from apiwatch.model import Outcome, Severity
from apiwatch.routes import Param

__all__ = ["LOG_IN_SLOT", "SLOT", "Populations"]

OK, MISS, DENY = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY)

SLOT, LOG_IN_SLOT = 60, 600
"""Seconds in which a client has one vote, on object routes and on log-in routes."""

_LOOK_BACK = 1_800
_ELSEWHERE = 2
"""Other routes that answered a client, from which on it is known-good."""

_REFRESH = 5.0
_RIPE = 30.0
"""Seconds that a suspect has to show other business, once the campaign has a face."""

_COMES_BACK = 0.5
"""Repeated votes per member from which on members come back, and who came once is no member yet."""

_AGAIN = 2
_TOLD_AFTER = 300.0
_UPDATED = 60.0
"""Seconds after which the row of a campaign that goes on without new members is brought up to date."""

_LIVE = 1_800.0
_CROWDED = frozenset({"account", "object"})
"""Groups of detectors that see what the population tests see; another alert of a member has a row of its own."""

_FOLDED = 60.0
_NETWORKS_KEPT = 4_096
_SAMPLED = 3
_OPENINGS_KEPT = 64
_REDIRECTED = frozenset({302, 303})
_CROWD = "campaign"


_Hits = tuple[bool | None, bool | None, bool | None, bool | None]
"""Whether a vote is a hit of each of the four tests; None: the test does not apply to it."""


class Populations(Verdicts):
    """The population tests of one shard, and its campaigns."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        detectors = settings.detectors
        self._share_tests = share_tests(detectors, log_in=False), share_tests(detectors, log_in=True)
        self._campaigns = detectors.campaign

    def judge_population(self, event: Event, params: tuple[Param, ...], before: int, *, unpopular: bool) -> None:
        """The vote of a client, if it has one; `before` is the second of its previous request on the route."""
        request, time, _, _, client, route, outcome = event
        is_login = route.route.is_login
        population = route.population
        if population is None:
            population = route.population = RoutePopulation()
        campaign = population.campaign
        if campaign is not None and is_login and outcome == OK and client.address in campaign.members:
            campaign.successes += 1
        slot = int(time) // (LOG_IN_SLOT if is_login else SLOT)
        if slot <= before // (LOG_IN_SLOT if is_login else SLOT):
            if campaign is not None and time - campaign.refreshed >= _REFRESH:
                self._refresh(event, population, campaign, False)
            return
        if client.kind == "ipv6-64" and not _has_vote(population, client.key, slot):
            return
        failed = outcome == MISS or (is_login and outcome == DENY)
        if is_login:
            if not failed and outcome != OK and request.status not in _REDIRECTED:
                return
        elif outcome not in (OK, MISS, DENY):
            return
        elsewhere = _elsewhere(client, route.route.label, time)
        alone = elsewhere == 0
        if is_login:
            hits: _Hits = failed, None, None, failed and alone
        elif route.route.is_blind and not params:
            hits = None, failed, None, failed and alone
        else:
            hits = None, failed, unpopular, alone and (failed or unpopular)
        self._count_vote(event, params, population, hits, elsewhere)

    def enter(self, event: Event, principal: Principal, signal: Signal, severity: Severity) -> None:
        """See `Verdicts.enter`; the alert of a member of a campaign, or one of many at once, has no row of its own."""
        if not self._campaigns.enabled or severity > Severity.HIGH:
            super().enter(event, principal, signal, severity)
            return
        time, client, route = event[1], event[4], event[5]
        row = self.book.rows.get(self.book.key(principal, route.route, signal.detector))
        if row is not None and not row.closed:
            super().enter(event, principal, signal, severity)
            return
        population = route.population
        if population is None:
            population = route.population = RoutePopulation()
        campaign = population.campaign
        if campaign is not None and signal.detector.group in _CROWDED and client.address in campaign.members:
            told = self.book.rows.get(campaign.row)
            if told is not None and not told.closed and time - told.last < _LIVE:
                return
        family = signal.detector.family
        openings = [opening for opening in population.openings if abs(time - opening[0]) < _FOLDED]
        others = sum(1 for _, opened, who in openings if opened == family and who != client.address)
        if others >= self._campaigns.alerts_per_minute:
            for _, opened, who in openings:
                if opened == family and who not in population.clusters:
                    population.clusters[who] = 1
            population.openings = [*openings, (time, family, client.address)][-_OPENINGS_KEPT:]
            self._enter_cluster(event, population, signal, severity)
            return
        population.openings = [*openings, (time, family, client.address)][-_OPENINGS_KEPT:]
        super().enter(event, principal, signal, severity)

    def _count_vote(
        self, event: Event, params: tuple[Param, ...], population: RoutePopulation, hits: _Hits, elsewhere: int
    ) -> None:
        time = event[1]
        known = elsewhere >= _ELSEWHERE
        population.votes += 1
        fired = -1
        calm = quiet = True
        suspicious = False
        for test, cusum, hit in zip(self._share_tests[event[5].route.is_login], population.tests, hits, strict=True):
            if hit is None:
                continue
            if not hit and cusum.score == 0.0 and cusum.p0 >= 0.0:
                test.pass_by(cusum)
                continue
            if test.vote(cusum, hit, time, known=known) and not test.is_outage(cusum):
                if self._is_crowd(population):
                    test.fire(cusum, time)
                    fired = test.index if fired < 0 else fired
                else:
                    cusum.score = 0.0
            if cusum.score > 0.0:
                quiet = False
                suspicious = suspicious or hit
                calm = calm and cusum.score <= test.calm
        if quiet:
            population.period = None
        calm = calm and population.campaign is None
        if calm and population.votes & _SAMPLED == 0:
            self._learn_cell(event, params, population)
        if quiet or (calm and (known or not suspicious)):
            return
        if population.period is None:
            population.period = Period(time)
        self._collect(event, params, population, population.period, elsewhere, suspicious=suspicious, calm=calm)
        campaign = population.campaign
        if fired >= 0:
            campaign = self._opened(population, fired, time, event[5])
        if campaign is not None and (fired >= 0 or time - campaign.refreshed >= _REFRESH):
            self._refresh(event, population, campaign, fired >= 0)

    def _collect(
        self,
        event: Event,
        params: tuple[Param, ...],
        population: RoutePopulation,
        period: Period,
        elsewhere: int,
        *,
        suspicious: bool,
        calm: bool,
    ) -> None:
        """Remember what a vote tells of a campaign; while all tests are calm only who gave a hit."""
        request, time, raw, source, client, route, _ = event
        known = elsewhere >= _ELSEWHERE
        cell = cell_of(client.family, request, _number(params), log_in=route.route.is_login)
        network = network_of(client.key)
        campaign = population.campaign
        if not calm:
            period.votes += 1
            count_cell(period.cells, cell, known=known)
            count_cell(period.networks, network, known=known)
            if suspicious:
                keep_sample(period.samples, sample_of(time, source, request.line, raw))
                if len(period.hits) < MEMBERS_KEPT or client.address in period.hits:
                    period.hits[client.address] = period.hits.get(client.address, 0) + 1
                if campaign is not None:
                    campaign.requests += 1
                    campaign.repeats += client.address in campaign.members
        if (elsewhere == 0 or (suspicious and not known)) and (
            campaign is None or client.address not in campaign.members
        ):
            keep_suspect(period, client.address, time, cell, network, calm=calm)

    def _is_crowd(self, population: RoutePopulation) -> bool:
        """Whether several clients are behind a signal, and not mostly one that comes back for vote after vote."""
        period = population.period
        if population.campaign is not None:
            return True
        if period is None or len(period.suspects) < self._campaigns.min_clients:
            return False
        hits = period.hits.values()
        return max(hits, default=0) <= self._campaigns.of_one_client * sum(hits)

    def _learn_cell(self, event: Event, params: tuple[Param, ...], population: RoutePopulation) -> None:
        request, _, _, _, client, route, _ = event
        cell = cell_of(client.family, request, _number(params), log_in=route.route.is_login)
        usual = population.usual
        usual[cell] = usual.get(cell, 0) + 1
        population.usual_total += 1
        if population.usual_total >= 1_000 or len(usual) > 400:
            population.usual = {cell: count >> 1 for cell, count in usual.items() if count > 1}
            population.usual_total = sum(population.usual.values())

    def _opened(self, population: RoutePopulation, index: int, time: float, route: RouteState) -> Campaign:
        """The campaign of a signal, new or known, with the numbers of the test."""
        cusum, test = population.tests[index], self._share_tests[route.route.is_login][index]
        campaign = population.campaign
        if campaign is None:
            campaign = population.campaign = Campaign(index, time, requests=cusum.seen_hits)
        if index == 0 or campaign.test == index or not campaign.facts:
            campaign.test = index
            campaign.facts = {
                "share_hits": cusum.seen_hits,
                "share_seen": cusum.seen,
                "known": cusum.known,
                "known_hits": cusum.known_hits,
                "p0": test.usual(cusum),
                "null": cusum.votes,
                "warming": float(cusum.p0 < 0.0),
                "statistic": test.threshold,
                "threshold": test.threshold,
                "since": cusum.since,
            }
        return campaign

    def _refresh(self, event: Event, population: RoutePopulation, campaign: Campaign, fired: bool) -> None:
        """Look who takes part, and tell the alert book if anything is new."""
        request, time, _, source, _, route, _ = event
        campaign.refreshed = time
        added = self._attribute(population, campaign, route, time)
        period = population.period
        if period is not None and period.samples:
            campaign.samples = list(period.samples)
        named = bool(campaign.members)
        due = named and not campaign.told and time - campaign.opened >= _TOLD_AFTER
        told = self.book.rows.get(campaign.row)
        goes_on = told is not None and campaign.requests > told.count and time - told.last >= _UPDATED
        if not campaign.samples or not (added or fired or due or goes_on):
            return
        detector = POPULATION_TESTS[campaign.test]
        severity = population_severity(detector, named=named)
        if severity > Severity.MEDIUM and detector.capped_when_cold and is_cold(route, time):
            severity = Severity.MEDIUM
        news = due or 0 < added == campaign.total
        campaign.told = campaign.told or due
        facts = self._facts(campaign)
        signal = Signal(detector, severity, 1.0, facts, facts["since"], campaign.samples)
        subject = _subject(route, time)
        subject.score = score({detector.name: (int(severity), 1.0, "", time)}, time)[0]
        crowd = _crowd(route, campaign, news=news)
        row = self.book.signal(
            subject, route.route, signal, severity, request.line, time, source, campaign.samples[-1][3], crowd
        )
        if row is not None:
            campaign.row = row.key

    def _attribute(self, population: RoutePopulation, campaign: Campaign, route: RouteState, time: float) -> int:
        """Make members of the suspects in striking cells that show no other business; returns how many."""
        period = population.period
        if period is None or not self._campaigns.enabled:
            return 0
        found = set(campaign.cells)
        found.update(striking(period, population.usual, population.usual_total, self._campaigns))
        if not found:
            return 0
        first = not campaign.members
        enough = _AGAIN if campaign.repeats > _COMES_BACK * campaign.total else 1
        campaign.cells = sorted(found)
        label = route.route.label
        added = 0
        for address, (seen, cell, network, votes) in list(period.suspects.items()):
            if not first and (time - seen < _RIPE or votes < enough):
                continue
            if cell not in found and network not in found:
                continue
            del period.suspects[address]
            client = self.clients.get(address)
            if client is not None and _elsewhere(client, label, seen) >= _ELSEWHERE:
                continue
            added += 1
            campaign.total += 1
            if len(campaign.members) < MEMBERS_KEPT:
                campaign.members[address] = time
            if client is not None:
                self._score_member(client, route, campaign, time)
        return added

    def _score_member(self, client: Client, route: RouteState, campaign: Campaign, time: float) -> None:
        detector = POPULATION_TESTS[campaign.test]
        severity = population_severity(detector, named=True)
        if detector.capped_when_cold and is_cold(route, time):
            severity = Severity.MEDIUM
        total = score({detector.name: (int(severity), 1.0, "", time)}, time)[0]
        if total > client.score:
            client.score, client.scored_at = total, time
            client.points = f'[[{total},"part of a campaign"]]'
        if not client.dirty:
            client.dirty = True
            self.dirty_clients.append(client)

    def _facts(self, campaign: Campaign) -> Facts:
        return {
            **campaign.facts,
            "hits": campaign.requests,
            "members": campaign.total,
            "networks": len({network_of(network_key(address)[0]) for address in campaign.members}),
            "cells": len(campaign.cells),
            "successes": campaign.successes,
            "lift": self._campaigns.lift,
            "enough": self._campaigns.min_requests,
        }

    def _enter_cluster(self, event: Event, population: RoutePopulation, signal: Signal, severity: Severity) -> None:
        """Count an alert in the row of many clients that raise the same one."""
        request, time, _, source, client, route, _ = event
        clusters = population.clusters
        before = len(clusters)
        if client.address in clusters or before < MEMBERS_KEPT:
            clusters[client.address] = clusters.get(client.address, 0) + 1
        facts: Facts = {
            "hits": sum(clusters.values()),
            "members": len(clusters),
            "limit": self._campaigns.alerts_per_minute,
        }
        told = Signal(CLUSTER, severity, 1.0, facts, signal.since, signal.samples)
        subject = _subject(route, time)
        subject.score = score({CLUSTER.name: (int(severity), 1.0, "", time)}, time)[0]
        crowd = Crowd(_CROWD, f"campaign:{route.route.label}", list(clusters), len(clusters))
        self.book.signal(subject, route.route, told, severity, request.line, time, source, signal.samples[-1][3], crowd)

    def _close_alerts(self, time: float) -> None:
        super()._close_alerts(time)
        for route in self.route_states.values():
            population = route.population
            if population is None:
                continue
            campaign = population.campaign
            if campaign is not None:
                row = self.book.rows.get(campaign.row)
                if row is None or row.closed:
                    population.campaign = None
                elif self._attribute(population, campaign, route, time):
                    row.facts = self._facts(campaign)
                    self.book.enter(row, _crowd(route, campaign, news=False))
                self.touch_route(route)
            if population.clusters and not population.campaign:
                key = self.book.key(_subject(route, time), route.route, CLUSTER)
                row = self.book.rows.get(key)
                if row is None or row.closed:
                    population.clusters = {}
                    self.touch_route(route)


def _has_vote(population: RoutePopulation, network: str, slot: int) -> bool:
    """Whether an IPv6 network has not voted in this slot yet; it has one vote, whatever its addresses."""
    networks = population.networks
    if networks.get(network, -1) >= slot:
        return False
    if len(networks) >= _NETWORKS_KEPT:
        population.networks = networks = {}
    networks[network] = slot
    return True


def _elsewhere(client: Client, label: str, time: float) -> int:
    """What a client did on other routes within 30 minutes: 0 nothing, 1 something, 2 it was answered on two of them."""
    since = time - _LOOK_BACK
    touched = answered = 0
    for name, counts in client.routes.items():
        if counts[LAST] >= since and name != label:
            touched = 1
            if counts[OK]:
                answered += 1
                if answered == _ELSEWHERE:
                    return _ELSEWHERE
    return touched


def _number(params: tuple[Param, ...]) -> int | None:
    return params[-1].number if params else None


def _subject(route: RouteState, time: float) -> Principal:
    """The route in the place of a principal, as the alert book takes it."""
    return Principal(0, _CROWD, "route", time, time, "")


def _crowd(route: RouteState, campaign: Campaign, *, news: bool) -> Crowd:
    label = route.route.label
    if not campaign.members:
        return Crowd("route", label, [], 0, news)
    return Crowd(_CROWD, f"campaign:{label}", list(campaign.members), campaign.total, news)
