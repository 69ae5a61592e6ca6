"""The replays of published incidents and generic attacks, by number."""

from apiwatch.simulate.attacks.accounts import SPRAY, STUFFING
from apiwatch.simulate.attacks.lookups import AUTHY, DUOLINGO, TRELLO, TWITTER
from apiwatch.simulate.attacks.objects import DELL, EXPERIAN, LINKEDIN, MCHIRE, OPTUS, PELOTON, T_MOBILE
from apiwatch.simulate.attacks.probing import EXPORTS, FUZZING, USPS, VERBS
from apiwatch.simulate.attacks.recovery import HONDA, KIA, TOYOTA
from apiwatch.simulate.attacks.swarm import Replay

__all__ = ["REPLAYS"]

_ALL = (
    DUOLINGO, TRELLO, TWITTER, AUTHY, OPTUS, T_MOBILE, DELL, HONDA, TOYOTA, PELOTON, USPS, EXPERIAN, LINKEDIN, KIA,
    MCHIRE, STUFFING, SPRAY, FUZZING, VERBS, EXPORTS,
)  # fmt: skip

REPLAYS: dict[str, Replay] = {replay.id: replay for replay in _ALL}
"""`R1` to `R20`. Only the mechanism is that of the incident: routes, paces and sizes are mostly invented."""
