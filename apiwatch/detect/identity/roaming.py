"""`identity.token-roaming`: one token is used from many networks within minutes."""

from apiwatch.config.accounts import TokenRoaming
from apiwatch.detect.identity.track import IdentityTrack
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["TOKEN_ROAMING", "moved", "note"]

_NETWORKS_KEPT = 16


def note(track: IdentityTrack, network: str, agent: str, time: float) -> bool:
    """Note the use of a token from a network; whether it came back to one that it had left."""
    networks = track.networks
    back = network in networks and next(reversed(networks)) != network
    networks.pop(network, None)
    if len(networks) >= _NETWORKS_KEPT:
        del networks[next(iter(networks))]
    networks[network] = (time, agent)
    if back:
        track.returned = time
    return back


def moved(track: IdentityTrack, time: float, line: Sample, settings: TokenRoaming) -> Signal | None:
    """The signal, if the token was used from enough networks.

    A phone that changes between two cells and comes back, always with one agent, is a hand-over and no theft.
    """
    keep_sample(track.roaming_lines, line)
    start = time - settings.window
    recent = [agent for at, agent in track.networks.values() if at > start]
    if len(recent) < settings.networks:
        return None
    agents = len(set(recent))
    if agents == 1 and track.returned > start:
        return None
    facts: Facts = {
        "objects": len(recent),
        "agents": agents,
        "limit": settings.networks,
        "minutes": settings.window / 60.0,
    }
    evidence = len(recent) / (2 * settings.networks)
    since = track.roaming_lines[0][0]
    return Signal(TOKEN_ROAMING, Severity.MEDIUM, evidence, facts, since, track.roaming_lines)


def _tell(facts: Facts, route: str) -> Story:
    networks = f"{facts['objects']:.0f}"
    return Story(
        title=f"one token from {networks} networks in {facts['minutes']:.0f} min",
        why="a token that shows up in several networks at once was copied; a device has one or two",
        numbers=(
            Number(
                name=f"networks (/24, /48) in {facts['minutes']:.0f} min",
                value=networks,
                baseline="1, or 2 when a phone changes between cells and Wi-Fi",
                threshold=f">= {facts['limit']:.0f}",
                now=facts["objects"],
            ),
        ),
        counter_evidence=(
            "one user agent everywhere: perhaps a traveller, or a VPN that changes its exit"
            if facts["agents"] == 1
            else f"{facts['agents']:.0f} different user agents",
        ),
        clears_when=f"{facts['minutes']:.0f} min with fewer networks, or an allow-list entry",
        reason=f"identity: token from {networks} networks",
    )


TOKEN_ROAMING = Detector(
    name="identity.token-roaming",
    family="identity",
    group="identity",
    tags=Tags(owasp=("API2:2023",), attack=("T1539", "T1550.001")),
    tell=_tell,
)
