"""The detectors: one module per family, the statistical kit, scoring and the alert book."""

from apiwatch.detect import auth, enumeration, scraping
from apiwatch.detect.recon import fuzzhit, fuzzing, injection, knownpath, scanner, tampering, verbs
from apiwatch.detect.signal import Detector

__all__ = ["DETECTORS"]

DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        enumeration.SEQUENTIAL,
        enumeration.MISS,
        scraping.DISTINCT,
        auth.BRUTE_FORCE,
        auth.STUFFING,
        auth.SPRAY,
        fuzzing.FUZZING,
        fuzzhit.FUZZ_HIT,
        injection.INJECTION,
        knownpath.KNOWN_PATH,
        scanner.SCANNER,
        tampering.TAMPERING,
        verbs.VERBS,
    )
}
"""Every detector by its name, which never changes and is never reused."""
