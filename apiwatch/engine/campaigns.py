"""Campaigns: the row that a population test opens, who takes part in it, and alerts of many clients put into one."""

from apiwatch.config import Settings
from apiwatch.detect.campaign import CLUSTER, MEMBERS_KEPT, Crowd, network_of, sender_of, striking
from apiwatch.detect.crowds import Campaign, RoutePopulation
from apiwatch.detect.population import POPULATION_TESTS, population_severity, share_tests
from apiwatch.detect.scoring import score
from apiwatch.detect.signal import Facts, Signal
from apiwatch.detect.state import Principal, RouteState
from apiwatch.engine.accounts import AccountVerdicts
from apiwatch.engine.clients import LAST, Client
from apiwatch.engine.life import CROWD
from apiwatch.engine.principals import network_key
from apiwatch.engine.verdicts import Event, is_cold
from apiwatch.model import Outcome, Severity

__all__ = ["ELSEWHERE", "REFRESH", "Campaigns", "crowd_subject", "elsewhere"]

OK = int(Outcome.OK)

ELSEWHERE = 2
"""Other routes that answered a client, from which on it is known-good."""

REFRESH = 5.0
"""Seconds between two looks at who takes part."""

_SETTLED = 60.0
"""Seconds that a client must have been here to be known-good: a page or two loaded for cover are quicker."""

_LOOK_BACK = 1_800
_RIPE = 30.0
"""Seconds that a suspect has to show other business, once the campaign has a face."""

_COMES_BACK = 0.5
"""Repeated votes per member from which on members come back, and who came once is no member yet."""

_AGAIN = 2
_TOLD_AFTER, _TOLD_EVERY = 300.0, 600.0
"""Seconds after which new members are told the first time, and then each time."""

_TOLD_GROWTH = 4
"""Times as many members as were told before, which are told at once."""

_UPDATED = 60.0
"""Seconds after which the row of a campaign that goes on without new members is brought up to date."""

_LIVE = 1_800.0
"""Seconds of silence after which a campaign takes in nobody for looking like its earlier members."""

_CROWDED = frozenset({"account", "object"})
"""Groups of detectors that see what the population tests see; another alert of a member has a row of its own."""

_FOLDED = 60.0
_OPENINGS_KEPT = 64


class Campaigns(AccountVerdicts):
    """The campaigns of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        detectors = settings.detectors
        self.share_tests = share_tests(detectors, log_in=False), share_tests(detectors, log_in=True)
        self._campaigns = detectors.campaign

    def is_member(self, route: RouteState, client: Client) -> bool:
        """See `AccountVerdicts.is_member`."""
        population = route.population
        campaign = None if population is None else population.campaign
        return campaign is not None and client.address in campaign.members

    def enter(
        self, event: Event, principal: Principal, signal: Signal, severity: Severity, client_class: str = "user"
    ) -> None:
        """See `Verdicts.enter`; the alert of a member of a campaign, or one of many at once, has no row of its own."""
        if not self._campaigns.enabled or severity > Severity.HIGH:
            super().enter(event, principal, signal, severity, client_class)
            return
        time, client, route = event[1], event[4], event[5]
        row = self.book.rows.get(self.book.key(principal, route.route, signal.detector))
        if row is not None and not row.closed:
            super().enter(event, principal, signal, severity, client_class)
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
        super().enter(event, principal, signal, severity, client_class)

    def _opened(self, population: RoutePopulation, index: int, time: float, route: RouteState) -> Campaign:
        """The campaign of a signal, new or known, with the numbers of the test."""
        cusum, test = population.tests[index], self.share_tests[route.route.is_login][index]
        campaign = population.campaign
        if campaign is None:
            campaign = population.campaign = Campaign(index, time, requests=cusum.seen_hits, tell_at=time + _TOLD_AFTER)
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
        told = self.book.rows.get(campaign.row)
        if told is not None and time - told.last >= _LIVE:
            campaign.cells = []
            if population.period is not None:
                population.period.forget_looks()
        added = self._attribute(population, campaign, route, time)
        period = population.period
        if period is not None and period.samples:
            campaign.samples = list(period.samples)
        named = bool(campaign.members)
        due = campaign.total > campaign.told and (
            campaign.total >= _TOLD_GROWTH * campaign.told or time >= campaign.tell_at
        )
        goes_on = told is not None and campaign.requests > told.count and time - told.last >= _UPDATED
        if not campaign.samples or not (added or fired or due or goes_on):
            return
        detector = POPULATION_TESTS[campaign.test]
        severity = population_severity(detector, named=named)
        if severity > Severity.MEDIUM and detector.capped_when_cold and is_cold(route, time):
            severity = Severity.MEDIUM
        if due:
            campaign.told = campaign.total
            if time >= campaign.tell_at:
                campaign.tell_at = time + _TOLD_EVERY
        facts = self._facts(campaign)
        signal = Signal(detector, severity, 1.0, facts, facts["since"], campaign.samples)
        subject = crowd_subject(time)
        if self.is_crowd_welcome(route, subject, signal, time):
            return
        subject.score = score({detector.name: (int(severity), 1.0, "", time)}, time)[0]
        crowd = _crowd(route, campaign, news=due)
        row = self.book.signal(
            subject, route.route, signal, severity, request.line, time, source, campaign.samples[-1], crowd
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
            if cell not in found and sender_of(cell) not in found and network not in found:
                continue
            del period.suspects[address]
            client = self.clients.get(address)
            if client is not None and elsewhere(client, label, seen) >= ELSEWHERE:
                continue
            added += 1
            campaign.total += 1
            if len(campaign.members) < MEMBERS_KEPT:
                campaign.members[address] = time
            if client is not None:
                self._score_member(client, route, campaign, time)
        return added

    def _score_member(self, client: Client, route: RouteState, campaign: Campaign, time: float) -> None:
        if self.desk.learning:
            return
        detector = POPULATION_TESTS[campaign.test]
        severity = population_severity(detector, named=True)
        if detector.capped_when_cold and is_cold(route, time):
            severity = Severity.MEDIUM
        total = score({detector.name: (int(severity), 1.0, "", time)}, time)[0]
        if total > client.score:
            client.score, client.scored_at = total, time
            client.points = f'[[{total},"part of a campaign"]]'
        self.touch_client(client)

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
        subject = crowd_subject(time)
        if self.is_crowd_welcome(route, subject, told, time):
            return
        subject.score = score({CLUSTER.name: (int(severity), 1.0, "", time)}, time)[0]
        crowd = Crowd(CROWD, f"campaign:{route.route.label}", list(clusters), len(clusters))
        self.book.signal(subject, route.route, told, severity, request.line, time, source, signal.samples[-1], crowd)

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
                elif time - row.last < _LIVE and self._attribute(population, campaign, route, time):
                    row.facts = self._facts(campaign)
                    self.book.enter(row, _crowd(route, campaign, news=False))
                self.touch_route(route)
            if population.clusters and not population.campaign:
                key = self.book.key(crowd_subject(time), route.route, CLUSTER)
                row = self.book.rows.get(key)
                if row is None or row.closed:
                    population.clusters = {}
                    self.touch_route(route)


def elsewhere(client: Client, label: str, time: float) -> int:
    """What a client did on other routes within 30 minutes: 0 nothing, 1 something.

    2: it has been here for a while, and was answered on two of them.
    """
    since = time - _LOOK_BACK
    settled = client.last - client.first >= _SETTLED
    touched = answered = 0
    for name, counts in client.routes.items():
        if counts[LAST] >= since and name != label:
            touched = 1
            if not settled:
                return touched
            if counts[OK]:
                answered += 1
                if answered == ELSEWHERE:
                    return ELSEWHERE
    return touched


def crowd_subject(time: float) -> Principal:
    """Many clients in the place of a principal, as the alert book takes them."""
    return Principal(0, CROWD, "route", time, time, "")


def _crowd(route: RouteState, campaign: Campaign, *, news: bool) -> Crowd:
    label = route.route.label
    if not campaign.members:
        return Crowd("route", label, [], 0, news)
    return Crowd(CROWD, f"campaign:{label}", list(campaign.members), campaign.total, news)
