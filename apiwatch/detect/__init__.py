"""The detectors: one module per family, the statistical kit, scoring and the alert book."""

from apiwatch.detect import auth, campaign, enumeration, flows, lookup, ownership, population, scraping
from apiwatch.detect.exfiltration import answers
from apiwatch.detect.identity import many_users, mixed_auth, newcomers, predecessors, roaming
from apiwatch.detect.inventory import hosts, shadow, versions
from apiwatch.detect.recon import fuzzhit, fuzzing, injection, knownpath, scanner, tampering, verbs
from apiwatch.detect.recovery import code_guessing, many_accounts, reset_log_in
from apiwatch.detect.signal import Detector
from apiwatch.detect.volume import errors, latency, surges

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
        newcomers.NEWCOMER,
        shadow.SHADOW,
        versions.ZOMBIE,
        hosts.UNKNOWN_HOST,
        fuzzing.FUZZING,
        fuzzhit.FUZZ_HIT,
        injection.INJECTION,
        knownpath.KNOWN_PATH,
        scanner.SCANNER,
        tampering.TAMPERING,
        verbs.VERBS,
        surges.PRINCIPAL_SURGE,
        surges.ROUTE_SURGE,
        errors.ERROR_SURGE,
        latency.LATENCY_ABUSE,
        answers.OVERSIZED,
        answers.PRINCIPAL_BYTES,
        *population.POPULATION_TESTS,
        flows.FLOW_ABANDONMENT,
        campaign.CLUSTER,
    )
}
"""Every detector by its name, which never changes and is never reused."""
