"""All clients of a route together: their votes in the population tests, and what these tell of a campaign."""

from apiwatch.detect.campaign import MEMBERS_KEPT, cell_of, count_cell, keep_suspect, network_of
from apiwatch.detect.crowds import Period, RoutePopulation
from apiwatch.detect.state import keep_sample, sample_of
from apiwatch.engine.campaigns import ELSEWHERE, REFRESH, Campaigns, elsewhere
from apiwatch.engine.verdicts import Event, named_user
from apiwatch.model import Outcome
from apiwatch.routes import Param

__all__ = ["LOG_IN_SLOT", "SLOT", "Populations"]

OK, MISS, DENY = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY)

SLOT, LOG_IN_SLOT = 60, 600
"""Seconds in which a client has one vote, on object routes and on log-in routes."""

_NETWORKS_KEPT = 4_096
_SAMPLED = 3
_DEVICE_FAILURES = 3
_REDIRECTED = frozenset({302, 303})

_Hits = tuple[bool | None, bool | None, bool | None, bool | None]
"""Whether a vote is a hit of each of the four tests; None: the test does not apply to it."""


class Populations(Campaigns):
    """The population tests of one shard."""

    def judge_population(self, event: Event, params: tuple[Param, ...], before: int, *, unpopular: bool) -> None:
        """The vote of a client, if it has one; `before` is the second of its previous request on the route."""
        request, time, _, _, client, route, outcome = event
        if self.is_voteless(request, client, time):
            return
        if self.is_voteless(request, client, time):
            return
        is_login = route.route.is_login
        population = route.population
        if population is None:
            population = route.population = RoutePopulation()
        campaign = population.campaign
        if campaign is not None and is_login and outcome == OK and client.address in campaign.members:
            campaign.successes += 1
        slot = int(time) // (LOG_IN_SLOT if is_login else SLOT)
        if slot <= before // (LOG_IN_SLOT if is_login else SLOT):
            if campaign is not None and time - campaign.refreshed >= REFRESH:
                self._refresh(event, population, campaign, False)
            return
        if client.kind == "ipv6-64" and not _has_vote(population, client.key, slot):
            return
        failed = outcome == MISS or (is_login and outcome == DENY)
        if is_login:
            if failed:
                if self._is_device(event, params):
                    return
            elif outcome != OK and request.status not in _REDIRECTED:
                return
        elif outcome not in (OK, MISS, DENY):
            return
        others = elsewhere(client, route.route.label, time)
        alone = others == 0
        if is_login:
            hits: _Hits = failed, None, None, failed and alone
        elif not route.route.matched:
            hits = None, unpopular and others < ELSEWHERE, None, unpopular and alone
        elif route.route.is_blind and not params:
            hits = None, failed, None, alone
        else:
            hits = None, failed, unpopular, alone and (failed or unpopular)
        self._count_vote(event, params, population, hits, others)

    def pass_quiet(self, event: Event, minutes: int) -> None:
        """See `Verdicts.pass_quiet`: for routes where hardly anybody but a campaign has a vote."""
        time, route = event[1], event[5]
        if route.population is None:
            route.population = RoutePopulation()
        for index in (1, 3):
            test, cusum = self.share_tests[False][index], route.population.tests[index]
            for _ in range(minutes):
                if cusum.score == 0.0 and cusum.p0 >= 0.0:
                    test.pass_by(cusum)
                else:
                    test.vote(cusum, False, time, known=False, alone=False)

    def _is_device(self, event: Event, params: tuple[Param, ...]) -> bool:
        """Whether it is always the same device that fails for this user: it has an old password, wherever it goes."""
        user = event[0].user or named_user(params)
        account = None if user is None else self.account_of(user)
        if account is None or len(account.failures) < _DEVICE_FAILURES:
            return False
        return len({agent for _, _, agent in account.failures}) == 1

    def _count_vote(
        self, event: Event, params: tuple[Param, ...], population: RoutePopulation, hits: _Hits, others: int
    ) -> None:
        time = event[1]
        known = others >= ELSEWHERE
        population.votes += 1
        fired = -1
        calm = quiet = True
        suspicious = False
        for test, cusum, hit in zip(self.share_tests[event[5].route.is_login], population.tests, hits, strict=True):
            if hit is None:
                continue
            if not hit and cusum.score == 0.0 and cusum.p0 >= 0.0:
                test.pass_by(cusum)
                continue
            if test.vote(cusum, hit, time, known=known, alone=others == 0) and not test.is_outage(cusum):
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
        self._collect(event, params, population, population.period, others, suspicious=suspicious, calm=calm)
        campaign = population.campaign
        if fired >= 0:
            campaign = self._opened(population, fired, time, event[5])
        if campaign is not None and (fired >= 0 or time - campaign.refreshed >= REFRESH):
            self._refresh(event, population, campaign, fired >= 0)

    def _collect(
        self,
        event: Event,
        params: tuple[Param, ...],
        population: RoutePopulation,
        period: Period,
        others: int,
        *,
        suspicious: bool,
        calm: bool,
    ) -> None:
        """Remember what a vote tells of a campaign; while all tests are calm only who gave a hit."""
        request, time, raw, source, client, route, _ = event
        known = others >= ELSEWHERE
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
        if (others == 0 or (suspicious and not known)) and (campaign is None or client.address not in campaign.members):
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


def _has_vote(population: RoutePopulation, network: str, slot: int) -> bool:
    """Whether an IPv6 network has not voted in this slot yet; it has one vote, whatever its addresses."""
    networks = population.networks
    if networks.get(network, -1) >= slot:
        return False
    if len(networks) >= _NETWORKS_KEPT:
        population.networks = networks = {}
    networks[network] = slot
    return True


def _number(params: tuple[Param, ...]) -> int | None:
    return params[-1].number if params else None
