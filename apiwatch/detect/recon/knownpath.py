"""`recon.known-path`: who asks for secret files, shells, backups, known holes or admin pages (list: `paths`).

Admin pages count half: people look for their own, and every public server is asked for `/wp-admin/` all day long.
"""

from apiwatch.config.settings import KnownPath
from apiwatch.detect.recon.paths import HARD
from apiwatch.detect.recon.probes import ProbeTrack, within
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["HARD_BIT", "KNOWN_PATH", "known_path_signal"]

HARD_BIT = 1
"""Set in the identity of a path that has no honest visitors."""


def known_path_signal(track: ProbeTrack, settings: KnownPath, *, opened: bool) -> Signal:
    """The signal of a principal after one more known path; `opened`: the server handed it out."""
    identities = within(track, settings.window)
    hard = sum(identity & HARD_BIT for identity in identities)
    recent = hard + (len(identities) - hard) // 2
    severity = Severity.LOW
    if opened:
        severity = Severity.CRITICAL
    elif recent >= settings.medium_paths:
        severity = Severity.MEDIUM
    facts: Facts = {
        "hits": len(track.seen),
        "recent": recent,
        "limit": settings.medium_paths,
        "minutes": settings.window / 60,
        "opened": float(opened),
        **{f"in {kind}": count for kind, count in track.kinds.items()},
    }
    return Signal(KNOWN_PATH, severity, 1.0, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    kinds = ", ".join(f"{facts[name]:.0f} {name[3:]}" for name in facts if name.startswith("in "))
    hard = any(f"in {kind}" in facts for kind in HARD)
    return Story(
        title="a known hole or secret file was answered" if facts["opened"] else f"asks for known holes: {kinds}",
        why=(
            "the server handed out what nobody should get: look at that line first"
            if facts["opened"]
            else "asks for files and pages that are only known from lists of weaknesses"
        ),
        numbers=(
            Number(
                name="known paths",
                value=f"{facts['hits']:.0f} ({kinds})",
                baseline="none",
                threshold=f"{facts['limit']:.0f} in {facts['minutes']:.0f} min (admin pages count half), or an answer",
                now=facts["recent"],
            ),
        ),
        counter_evidence=(
            "a page that answers 200 to everything looks the same until its size was seen twice"
            if facts["opened"]
            else "no honest client asks for these"
            if hard
            else "admin pages: somebody may look for his own",
        ),
        clears_when="a day without a known path, or an allow-list entry",
        reason=f"known paths: {kinds}",
    )


KNOWN_PATH = Detector(
    name="recon.known-path",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API8:2023", "API9:2023"), oat=("OAT-014",), attack=("T1595.002", "T1190")),
    tell=_tell,
    capped_when_cold=False,
)
