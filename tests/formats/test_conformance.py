import sys
from collections import Counter

import pytest

from tests.formats.corpus import CORPUS, mistakes, records

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")

FLOORS = {
    "nginx": 1.0,
    "apache": 0.98,
    "apache_custom": 1.0,
    "apache_vhost": 1.0,
    "apache_ssl_request": 1.0,
    "nginx_custom": 1.0,
    "nginx_vhost": 1.0,
    "nginx_ingress": 1.0,
    "nginx_bunkerweb": 1.0,
    "nginx_proxy_manager": 1.0,
    "nginx_npmplus": 1.0,
    "nginx_json": 1.0,
    "tomcat": 1.0,
    "jetty": 1.0,
    "varnish": 1.0,
    "traefik_clf": 1.0,
    "traefik_json": 1.0,
    "caddy_json": 1.0,
    "kong": 1.0,
    "litespeed": 1.0,
    "lighttpd": 1.0,
    "marklogic": 1.0,
    "weblogic": 1.0,
    "undertow": 1.0,
    "influxdb_httpd": 1.0,
    "couchbase_http": 1.0,
    "ltsv": 1.0,
    "artifactory_json": 1.0,
    "azure_appgw": 1.0,
    "azure_frontdoor": 1.0,
    "gcp_lb_json": 1.0,
    "f5xc_json": 1.0,
    "fastly_json": 1.0,
    "ngrok_json": 1.0,
    "gitlab_json": 0.6,
    "harbor": 0.5,
}
"""Share of the lines of a format whose every asserted field is right, reached so far."""


def test_share_of_right_lines_per_format(capsys: pytest.CaptureFixture[str]) -> None:
    lines: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for record in records():
        if not record.get("optional"):
            policy = "client-policy" in record.get("tags", ())
            name = "client-policy" if policy else record["format"]
            lines[name] += 1
            right[name] += not mistakes(record)
    with capsys.disabled():
        for name, count in lines.most_common():
            sys.stdout.write(f"\n{name:22}{right[name]:4} of {count:3} {right[name] / count:6.0%}")
    short = {
        name: right[name] / lines[name] for name, floor in FLOORS.items() if right[name] < floor * lines[name] - 1e-9
    }
    assert not short


def test_lines_that_must_not_parse_do_not() -> None:
    refused = [record for record in records() if record.get("reject") and not record.get("optional")]
    assert refused
    assert not [record["raw"] for record in refused if mistakes(record)]


def test_wrong_formats_are_not_guessed() -> None:
    """A line of a format that is not read may stay unparsed; it must not become a record with a wrong client.

    Envoy's text log holds nothing but the forwarded-for list: of it we take the right-most entry, others the left-most.
    """
    wrong = [
        record["raw"]
        for record in records()
        if not record.get("optional")
        and not (record["format"] == "envoy_text" or "client-policy" in record.get("tags", ()))
        and "client" in mistakes(record)
    ]
    assert not wrong
