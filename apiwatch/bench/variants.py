"""What is taken away in the ablation table: pieces of the design that a setting or the log itself can switch off.

Not here, since nothing switches them: the popularity gate of the step test, outcome inference, the population tier,
vote caps.
"""

from collections.abc import Callable

from msgspec.structs import replace

from apiwatch.config import Settings

__all__ = ["ABLATED_GRADES", "ABLATED_REPLAYS", "VARIANTS"]

ABLATED_REPLAYS = ("R2", "R4", "R6", "R17", "R18")
"""One per family: a variant that changes nothing here changes little anywhere."""

ABLATED_GRADES = ("g0", "g2", "g3")


def _full(settings: Settings) -> Settings:
    return settings


def _fixed(settings: Settings) -> Settings:
    """Every null hypothesis is 5 %, whatever normal clients do."""
    found = settings.detectors
    sequential = replace(found.sequential, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    miss = replace(found.miss, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    log_in = replace(found.log_in, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    return replace(settings, detectors=replace(found, sequential=sequential, miss=miss, log_in=log_in))


def _popular_too(settings: Settings) -> Settings:
    found = settings.detectors
    return replace(settings, detectors=replace(found, distinct=replace(found.distinct, unpopular_share=0.0)))


def _reread_too(settings: Settings) -> Settings:
    found = settings.detectors
    return replace(settings, detectors=replace(found, distinct=replace(found.distinct, distinct_share=0.0)))


def _no_floor(settings: Settings) -> Settings:
    """The limit of distinct objects is learned alone."""
    found = settings.detectors
    distinct = replace(found.distinct, floor_10m=1, floor_1h=1, floor_24h=1)
    return replace(settings, detectors=replace(found, distinct=distinct))


def _short(settings: Settings) -> Settings:
    """A test signals at one in a hundred instead of one in a million."""
    found = settings.detectors
    return replace(
        settings,
        detectors=replace(
            found,
            sequential=replace(found.sequential, threshold=4.605),
            miss=replace(found.miss, threshold=4.605),
            log_in=replace(found.log_in, threshold=4.605),
            fuzzing=replace(found.fuzzing, threshold=4.605),
        ),
    )


VARIANTS: dict[str, tuple[Callable[[Settings], Settings], str]] = {
    "full": (_full, "nginx_json"),
    "fixed p0 = .05": (_fixed, "nginx_json"),
    "distinct test counts popular objects": (_popular_too, "nginx_json"),
    "distinct test counts objects read again": (_reread_too, "nginx_json"),
    "distinct test without floors": (_no_floor, "nginx_json"),
    "thresholds of 1 in 100": (_short, "nginx_json"),
    "log without user, agent, host, request time": (_full, "common"),
}
"""Name -> (what it does to the settings, the format of the log)."""
