"""Flows that begin and do not go on: the first steps on each route, and whether the second one followed."""

from apiwatch.config import Settings
from apiwatch.detect.campaign import MEMBERS_KEPT, Crowd
from apiwatch.detect.flows import FLOW_ABANDONMENT, OWN, Flow, Start, begins_flow, forget, learn
from apiwatch.detect.population import ShareTest
from apiwatch.detect.samples import keep_sample, sample_of
from apiwatch.detect.scoring import score
from apiwatch.detect.signal import Facts, Signal
from apiwatch.engine.accounts import AccountVerdicts
from apiwatch.engine.campaigns import crowd_subject
from apiwatch.engine.clients import LAST, Client
from apiwatch.engine.costs import FAILED
from apiwatch.engine.life import CROWD
from apiwatch.engine.populations import Populations
from apiwatch.engine.verdicts import Event
from apiwatch.model import Severity
from apiwatch.routes import Param

__all__ = ["Flows"]

_PENDING_KEPT = 4_096
_TAUGHT = 4
"""Of so many first steps one teaches the second step once that is known."""

_KNOWN = 2
"""Other routes that answered a client, from which on it is known-good."""

_LOOK_BACK = 1_800.0
_OK = 0


class Flows(Populations, AccountVerdicts):
    """The test on abandoned flows of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._flows = settings.detectors.flow_abandonment
        self._flow_test = ShareTest(0, self._flows, self._flows.p0, early=True)

    def judge_steps(self, event: Event, params: tuple[Param, ...]) -> None:
        """See `AccountVerdicts.judge_steps`; also a POST that may begin a flow by what its query says."""
        super().judge_steps(event, params)
        request, _, _, _, _, route, outcome = event
        if (
            request.method == "POST"
            and self._flows.enabled
            and outcome not in FAILED
            and begins_flow(route.route.roles, request.query)
        ):
            self._begin(event)

    def _begin(self, event: Event) -> None:
        """A first step; what began long enough ago has become a vote by now."""
        request, time, raw, source, client, route, _ = event
        flow = route.flow
        if flow is None:
            flow = route.flow = Flow()
        pending = flow.pending
        while pending:
            address = next(iter(pending))
            if time - pending[address].time < self._flows.within:
                break
            self._vote(event, flow, address, pending.pop(address))
        flow.starts += 1
        known = pending.get(client.address)
        if known is not None:
            known.starts += 1
        elif len(pending) < _PENDING_KEPT:
            mine = client.routes.get(route.route.label)
            line = sample_of(time, source, request.line, raw)
            pending[client.address] = Start(time, sum(mine[:6]) if mine is not None else 0, line=line)

    def _vote(self, event: Event, flow: Flow, address: str, start: Start) -> None:
        """Whether the client of a first step went on."""
        time, label = event[1], event[5].route.label
        client = self.clients.get(address)
        if client is None:
            return
        cusum, test = flow.cusum, self._flow_test
        step = flow.step
        if cusum.score <= test.calm and (step is None or flow.starts % _TAUGHT == 0):
            learn(flow, _after(client, label, start))
        if step is None:
            return
        hit = not _followed(client, label, start, step)
        if not hit and cusum.score == 0.0 and cusum.p0 >= 0.0:
            test.pass_by(cusum)
            return
        elsewhere = _answered(client, label, start.time)
        fired = test.vote(cusum, hit, start.time, known=elsewhere >= _KNOWN, alone=elsewhere == 0)
        if cusum.score == 0.0:
            flow.members.clear()
            flow.samples.clear()
            return
        if hit and elsewhere < _KNOWN and len(flow.members) < MEMBERS_KEPT:
            flow.members[address] = start.time
            if start.line is not None:
                keep_sample(flow.samples, start.line)
        if not fired:
            return
        if test.is_outage(cusum):
            forget(flow)
        elif len(flow.members) >= self.settings.detectors.campaign.min_clients:
            test.fire(cusum, time)
            self._tell(event, flow)

    def _tell(self, event: Event, flow: Flow) -> None:
        """Enter the signal in the alert book, unless another test of the population has found the campaign already."""
        request, time, raw, source, _, route, _ = event
        subject = crowd_subject(time)
        row = self.book.rows.get(self.book.key(subject, route.route, FLOW_ABANDONMENT))
        if row is not None and not row.closed and row.detector != FLOW_ABANDONMENT.name:
            return
        line = sample_of(time, source, request.line, raw)
        if not flow.samples:
            keep_sample(flow.samples, line)
        cusum, label = flow.cusum, route.route.label
        facts: Facts = {
            "hits": len(flow.members),
            "share_hits": cusum.seen_hits,
            "share_seen": cusum.seen,
            "known": cusum.known,
            "known_hits": cusum.known_hits,
            "p0": self._flow_test.usual(cusum),
            "null": cusum.votes,
            "statistic": self._flow_test.threshold,
            "threshold": self._flow_test.threshold,
            "members": len(flow.members),
            "minutes": self._flows.within / 60.0,
        }
        severity = Severity.MEDIUM
        subject.score = score({FLOW_ABANDONMENT.name: (int(severity), 1.0, "", time)}, time)[0]
        signal = Signal(FLOW_ABANDONMENT, severity, 1.0, facts, cusum.since, list(flow.samples))
        if self.is_crowd_welcome(route, subject, signal, time):
            return
        crowd = Crowd(CROWD, f"campaign:{label}", list(flow.members), len(flow.members), news=True)
        self.book.signal(subject, route.route, signal, severity, request.line, time, source, line, crowd)


def _after(client: Client, label: str, start: Start) -> set[str]:
    """What a client asked for after its first step: labels, and OWN for more on the same route."""
    seen = {name for name, counts in client.routes.items() if counts[LAST] >= int(start.time) and name != label}
    mine = client.routes.get(label)
    if mine is not None and sum(mine[:6]) - start.requests > start.starts - 1:
        seen.add(OWN)
    return seen


def _followed(client: Client, label: str, start: Start, step: str) -> bool:
    """Whether one of `_after` is this one."""
    if step == OWN:
        return OWN in _after(client, label, start)
    counts = client.routes.get(step)
    return counts is not None and counts[LAST] >= int(start.time)


def _answered(client: Client, label: str, time: float) -> int:
    """Other routes that answered a client around that time."""
    since = time - _LOOK_BACK
    return sum(1 for name, counts in client.routes.items() if name != label and counts[_OK] and counts[LAST] >= since)
