"""`recon.scanner-agent`: tools that say in their user agent that they scan. Anybody can send any agent: only a hint.

Generic HTTP libraries (curl, python-requests, Go-http-client, okhttp) are no scanners: half of all honest traffic.
"""

import re

from apiwatch.detect.recon.probes import ProbeTrack
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["EXAMPLES", "SCANNER", "scanner_in", "scanner_signal"]

_PRODUCTS = (
    "acunetix", "appscan", "arachni", "burpcollaborator", "burpsuite", "censysinspect", "cgichk", "commix", "dalfox",
    "detectify", "dirb", "dirbuster", "dirsearch", "droopescan", "expanse", "feroxbuster", "ffuf",
    "fimap", "fuzz faster u fool", "gobuster", "havij", "httpx - open-source",
    "internetmeasurement", "jaeles", "joomscan", "kiterunner", "l9explore", "l9tcpid", "leakix", "masscan",
    "meterpreter", "morfeus", "nessus", "netsparker", "nikto", "nmap", "nuclei", "odin.io", "openvas",
    "palo alto networks company", "pangolin", "patator", "projectdiscovery", "qualys", "sqlmap", "sqlninja",
    "skipfish", "subfinder", "trickest", "vega/", "w3af", "wapiti", "webinspect", "webshag",
    "wfuzz", "whatweb", "wpscan", "wprecon", "xsser", "xsstrike", "zaproxy", "zgrab", "zmeu", "zmap",
)  # fmt: skip
_PRODUCT = re.compile("|".join(rf"(?<![a-z]){re.escape(product)}" for product in _PRODUCTS)).search


def scanner_in(agent: str) -> str | None:
    """The scanning product that a user agent names.

    >>> scanner_in("Mozilla/5.00 (Nikto/2.1.5) (Evasions:None)"), scanner_in("curl/8.9.1")
    ('nikto', None)
    """
    found = _PRODUCT(agent.lower())
    return None if found is None else found.group().rstrip("/")


def scanner_signal(track: ProbeTrack) -> Signal:
    """The signal of a principal that named a scanner."""
    facts: Facts = {"hits": len(track.seen), **{f"in {product}": count for product, count in track.kinds.items()}}
    return Signal(SCANNER, Severity.INFO, 1.0, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    products = ", ".join(name[3:] for name in facts if name.startswith("in "))
    return Story(
        title=f"scanner by its own name: {products}",
        why="its user agent names a tool that looks for weaknesses",
        numbers=(Number(name="scanners named", value=products, baseline="none", threshold="1", now=facts["hits"]),),
        counter_evidence=("anybody can send any user agent; research scanners of the internet pass by every day",),
        clears_when="a day without such an agent, or an allow-list entry",
        reason=f"scanner: {products}",
    )


SCANNER = Detector(
    name="recon.scanner-agent",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API8:2023",), oat=("OAT-014",), attack=("T1595.002",)),
    tell=_tell,
)

EXAMPLES: tuple[tuple[str, str | None], ...] = (
    ("sqlmap/1.7.2#stable (https://sqlmap.org)", "sqlmap"),
    ("Mozilla/5.00 (Nikto/2.1.5) (Evasions:None) (Test:Port Check)", "nikto"),
    ("masscan/1.3 (https://github.com/robertdavidgraham/masscan)", "masscan"),
    ("Mozilla/5.0 zgrab/0.x", "zgrab"),
    ("Fuzz Faster U Fool v2.1.0-dev", "fuzz faster u fool"),
    ("Nuclei - Open-source project (github.com/projectdiscovery/nuclei)", "nuclei"),
    ("WPScan v3.8.22 (https://wpscan.com/wordpress-security-scanner)", "wpscan"),
    ("curl/8.9.1", None),
    ("python-requests/2.32.3", None),
    ("Go-http-client/2.0", None),
    ("okhttp/4.12.0", None),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0 Safari/537.36", None),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", None),
)
"""User agents, each with the scanner that it names, or None."""
