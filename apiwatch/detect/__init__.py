"""The detectors: one module per family, the statistical kit, scoring and the alert book."""

from apiwatch.detect import auth, enumeration, lookup, ownership, recon, scraping
from apiwatch.detect.identity import many_users, mixed_auth, predecessors, roaming
from apiwatch.detect.recovery import code_guessing, many_accounts, reset_log_in
from apiwatch.detect.signal import Detector

__all__ = ["DETECTORS"]

DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        enumeration.SEQUENTIAL,
        enumeration.MISS,
        scraping.DISTINCT,
        ownership.FOREIGN_OBJECT,
        lookup.LOOKUP_ORACLE,
        auth.BRUTE_FORCE,
        auth.STUFFING,
        auth.SPRAY,
        auth.TARGETED,
        auth.TAKEOVER,
        many_accounts.MANY_ACCOUNTS,
        code_guessing.CODE_GUESSING,
        reset_log_in.RESET_LOG_IN,
        predecessors.MISSING_TOKEN_STEP,
        predecessors.MISSING_PREDECESSOR,
        mixed_auth.MIXED_AUTH,
        roaming.TOKEN_ROAMING,
        many_users.MANY_USERS,
        recon.FUZZING,
    )
}
"""Every detector by its name, which never changes and is never reused."""
