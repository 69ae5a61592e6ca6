"""The envelopes of one source: which one is outermost, and the lines that are waiting for their last part."""

from apiwatch.formats.envelopes.objects import peel_object
from apiwatch.formats.envelopes.parts import Parts
from apiwatch.formats.envelopes.peeled import Peeled
from apiwatch.formats.envelopes.prefixes import peel_cri, peel_prefix
from apiwatch.formats.envelopes.syslog import peel_syslog

__all__ = ["Envelopes", "outermost"]


def outermost(text: str) -> Peeled | None:
    """What the outermost envelope of a line holds; None when the line is in none that is known.

    A function of the line alone: the kinds are tried in a fixed order, the stricter first.
    """
    if text[:1] == "{":
        return peel_object(text)
    return peel_cri(text) or peel_syslog(text) or peel_prefix(text)


class Envelopes:
    """Takes the envelopes of one source off its lines; never raises on what a line holds.

    `peel` is for lines that no format understands: it is strict, but it cannot know every access log there is.
    """

    def __init__(self) -> None:
        self._parts = Parts()

    @property
    def dropped(self) -> int:
        """Unfinished lines that were thrown away because too much was waiting."""
        return self._parts.dropped

    @property
    def cut(self) -> int:
        """Lines in parts that were cut because they were too long."""
        return self._parts.cut

    def peel(self, text: str) -> Peeled | None:
        """What the outermost envelope of a line holds; None when the line is in none that is known."""
        return outermost(text)

    def join(self, peeled: Peeled) -> str | None:
        """The whole line that ends with what was peeled; None while it is unfinished.

        What knows no parts is a whole line. Where dozens of short parts never end a line, each is taken for a line from
        then on, until one ends: something between the runtime and us took the line ends away.
        """
        if peeled.unfinished is not None:
            return self._parts.add(peeled.unfinished, peeled.text)
        if peeled.finishes is not None:
            return self._parts.finish(peeled.finishes, peeled.text)
        return peeled.text

    def save(self) -> list[object]:
        """The lines that wait for more parts and the counters, of types that msgpack knows; for `load`."""
        return self._parts.save()

    def load(self, saved: object) -> None:
        """Continue from what `save` gave; anything else is ignored."""
        self._parts.load(saved)
