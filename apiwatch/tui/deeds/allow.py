"""Who raises no alerts for a while."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from apiwatch.errors import UsageError
from apiwatch.store.allowing import MOST
from apiwatch.store.protocol import Control
from apiwatch.store.views import AllowEntry, ClientDetail
from apiwatch.text import plain
from apiwatch.tui.deeds.base import NOTE, Deed, LeftOut, Subject, lasting, lasting_refusal
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["Allow", "choices_for"]

_USUAL = "7d"
_EVER = "ever"
_EACH = ("client", "network")
_FACETS = 5
_NAME = 60
_WILD = frozenset("*?[")


class Allow(Deed):
    """Put what some rows are about on the allow-list: clients, networks, users, agents, routes. Values: whom, duration
    or `ever`, reason.

    For one subject `whom` is a target as `apiwatch allow add` takes it, with those to choose from that `detail` knows;
    for many it is `client`, each for itself, or `network`, which is the /24 or /64 of each address. `live` is the
    allow-list as it is. `targets` are subjects beside the rows, written as for `apiwatch allow add`. `warnings` say
    what speaks against it.
    """

    kind, confirm, done, doing = "allow", "allow", "allowed", "allowing"
    noun = ("", "clients")

    def __init__(
        self,
        rows: Sequence[Row],
        live: Sequence[AllowEntry] = (),
        detail: ClientDetail | None = None,
        targets: Sequence[str] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        subjects = {target: Subject(target, plain(target, _NAME)) for target in targets}
        left_out: list[LeftOut] = []
        room = MOST - len(live)
        for row in rows:
            found = {_target(address): plain(address, _NAME) for address in row.addresses} or {_named(row): row.name}
            for target, shown in found.items():
                shown = plain(shown or row.key, _NAME)
                if not target:
                    left_out.append(LeftOut(shown, "cannot be on an allow-list"))
                elif target not in subjects and len(subjects) >= room:
                    left_out.append(LeftOut(shown, f"finds no room: the allow-list holds {MOST} entries"))
                else:
                    subjects.setdefault(target, Subject(target, shown))
        super().__init__(list(subjects.values()), left_out)
        self._warnings = tuple(warnings)
        self._choices = _EACH if len(subjects) != 1 else tuple(choices_for(next(iter(subjects)), detail))

    @property
    def fields(self) -> tuple[Field, ...]:
        """Whom, how long, why."""
        label = "whom (of each)" if len(self.subjects) > 1 else "whom (Up Down: network, user, agent, token)"
        return (
            Field(label, self._choices[0], self._choices),
            Field(f"for how long (2h 30d, or {_EVER})", _USUAL),
            Field("reason", "", needed=True),
        )

    def lines(self, width: int) -> list[Line]:
        """What it means."""
        said = "Who is on the allow-list raises no alerts, and is still counted. Anybody can send any user agent."
        warned = [part for text in self._warnings for part in wrap(text, width, style="warn")]
        return [*wrap(said, width, style="dim"), *warned, *super().lines(width)]

    def refusal(self, values: tuple[str, ...]) -> str:
        """A target, a duration and a reason are needed."""
        whom, duration, reason = values
        if len(self.subjects) > 1:
            if whom not in _EACH:
                return f"type {_EACH[0]} or {_EACH[1]}; others are allowed one by one"
        else:
            from apiwatch.config import parse_target

            try:
                parse_target(whom)
            except UsageError as error:
                return plain(str(error), 300)
        if duration != _EVER and (wrong := lasting_refusal(duration)):
            return f"{wrong}, or {_EVER}"
        return "" if reason.strip() else "say why, in a few words, for those who read the list later"

    def key(self, subject: Subject, values: tuple[str, ...]) -> str:
        """The target of a subject."""
        from apiwatch.config import parse_target

        if len(self.subjects) == 1:
            return parse_target(values[0])
        return parse_target(subject.key if values[0] == _EACH[0] else _widened(subject.key) or subject.key)

    def told(self, values: tuple[str, ...]) -> str:
        """The target, where it is another than the row's own."""
        own = len(self.subjects) != 1 or values[0] == self._choices[0]
        return self.what if own else plain(self.key(self.subjects[0], values), 60)

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One entry; the same target again renews it."""
        expires = None if values[1] == _EVER else now + lasting(values[1])
        await control.allow(self.key(subject, values), plain(values[2], NOTE), actor, now, expires)

    def ending(self, values: tuple[str, ...]) -> str:
        """For how long."""
        return " for ever" if values[1] == _EVER else f" for {plain(values[1], 20)}"


def choices_for(target: str, detail: ClientDetail | None) -> Iterator[str]:
    """A target and others that it suggests; what a log says is offered only if it is no pattern."""
    yield target
    if wider := _widened(target):
        yield wider
    if detail is None:
        return
    named = [("user", facet.value) for facet in detail.users[:_FACETS]]
    named += [("agent", facet.value) for facet in detail.user_agents[:_FACETS]]
    kind, _, token = detail.row.principal.partition(":")
    if kind == "token" and token:
        named.append(("token", token))
    yield from (f"{kind}:{value}" for kind, value in named if value and not _WILD.intersection(value))


def _target(address: str) -> str:
    """The target of an address or network; '' for a name that is neither."""
    try:
        return f"network:{ip_network(address)}"
    except ValueError:
        return ""


def _named(row: Row) -> str:
    """The target of a row that is about no address; '' when it has none, or one that would fit others as well."""
    scope = row.opens
    if scope.net:
        return _target(scope.net)
    if scope.user:
        return f"user:{scope.user}"
    if scope.agent:
        return "" if _WILD.intersection(scope.agent) else f"agent:{scope.agent}"
    return f"route:{scope.route}" if scope.route else ""


def _widened(target: str) -> str:
    """The /24 or /64 of a target that is a single address; '' for others."""
    kind, _, value = target.partition(":")
    if kind != "network":
        return ""
    net = ip_network(value)
    if net.prefixlen < net.max_prefixlen:
        return ""
    return f"network:{net.supernet(new_prefix=24 if net.version == 4 else 64)}"
