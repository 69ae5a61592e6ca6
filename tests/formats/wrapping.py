"""Writers of the envelopes that runtimes, daemons and shippers put around a line, as their documentation has them."""

import json
from collections.abc import Callable

STAMP = "2026-11-24T03:10:54.25Z"
MICROSECONDS = 1_795_489_854_250_000
ESC = "\x1b"

Writer = Callable[[str], str]


def _json(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def docker(line: str, stream: str = "stdout", *, ended: bool = True) -> str:
    """A record of docker's json-file driver; a part of a line has no LF."""
    return _json(log=line + "\n" * ended, stream=stream, time=STAMP)


def cri(line: str, stream: str = "stdout", *, ended: bool = True) -> str:
    """A record of a Kubernetes container log."""
    return f"{STAMP} {stream} {'F' if ended else 'P'} {line}"


def fluent_bit(line: str, stream: str = "stdout", *, ended: bool = True) -> str:
    """What Fluent Bit makes of a Kubernetes container log."""
    tag = "F" if ended else "P"
    return _json(time=STAMP, stream=stream, _p=tag, log=line, kubernetes={"pod_name": "web-0", "docker_id": "4f2a"})


def dockerd(line: str, stream: str = "p1", *, ended: bool = True) -> str:
    """An entry of docker's journald driver: the last part has no CONTAINER_PARTIAL_MESSAGE."""
    fields = {"CONTAINER_PARTIAL_ID": stream, "CONTAINER_PARTIAL_LAST": "true" if ended else "false"}
    if not ended:
        fields["CONTAINER_PARTIAL_MESSAGE"] = "true"
    return _json(__REALTIME_TIMESTAMP=str(MICROSECONDS), MESSAGE=line, CONTAINER_NAME="web", **fields)


def journald(line: str) -> str:
    """`journalctl -o json`: text that is not printable is an array of bytes."""
    message: object = line if line.isprintable() else list(line.encode("utf-8", "surrogateescape"))
    return _json(__CURSOR="s=1", __REALTIME_TIMESTAMP=str(MICROSECONDS), PRIORITY="6", MESSAGE=message, _PID="12")


def journald_twice(line: str) -> str:
    """A field that was set more than once is an array."""
    return _json(__REALTIME_TIMESTAMP=str(MICROSECONDS), MESSAGE=[line, "again"], SYSLOG_IDENTIFIER="nginx")


WITH_TIME: dict[str, Writer] = {
    "docker json-file": docker,
    "CRI": cri,
    "CRI with a longer tag": lambda line: f"2026-11-24T04:10:54.25+01:00 stderr F:x {line}",
    "journald": journald,
    "journald, field set twice": journald_twice,
    "Fluent Bit": fluent_bit,
    "Fluent Bit, time as a number": lambda line: _json(date=MICROSECONDS / 1e6, log=line),
    "Fluentd": lambda line: _json(stream="stdout", logtag="F", message=line, time=STAMP),
    "Fluentd out_file": lambda line: f"{STAMP}\tkube.web\t" + _json(log=line),
    "Vector": lambda line: _json(
        file="/var/log/nginx/access.log", host="web-0", message=line, source_type="file", timestamp=STAMP
    ),
    "Filebeat": lambda line: json.dumps({"@timestamp": STAMP, "log": {"offset": 7}, "message": line}),
    "ECS with the original": lambda line: _json(
        event={"original": line}, message="GET", **{"@timestamp": STAMP, "log.level": "info"}
    ),
    "Cloud Logging": lambda line: _json(textPayload=line, timestamp=STAMP, severity="INFO"),
    "RFC 5424": lambda line: f"<134>1 {STAMP} web-0 nginx 12 - - {line}",
    "RFC 5424 with elements": lambda line: f'<13>1 {STAMP} web-0 nginx - ID4 [a@1 b="\\]"][c d="\\"\\\\"] \ufeff{line}',
    "RFC 5424 of a later version": lambda line: f"<191>999 {STAMP} h a p m - {line}",
    "RFC 5424 of HAProxy": lambda line: f"<142>1 {STAMP} - haproxy 32068 - - {line}",
    "RFC 5424 without priority": lambda line: f"1 {STAMP} web-0 nginx - - - {line}",
    "syslog with ISO time": lambda line: f"{STAMP} web-0 nginx: {line}",
    "syslog with ISO time and priority": lambda line: f"<30>{STAMP} web-0 nginx[12]: {line}",
    "kubectl --timestamps": lambda line: f"{STAMP} {line}",
}
"""All tell when the line was logged, STAMP."""

WITHOUT_TIME: dict[str, Writer] = {
    "RFC 5424 without time": lambda line: f"<1>1 - - - - - - {line}",
    "RFC 3164": lambda line: f"<190>Nov 24 03:11:03 web-0 nginx: {line}",
    "RFC 3164 in a file": lambda line: f"Nov  4 03:11:03 web-0 nginx[12]: {line}",
    "RFC 3164, day with 0": lambda line: f"Nov 04 03:11:03 web-0 docker/web[12]: {line}",
    "RFC 3164 without host": lambda line: f"<134>Nov 24 03:11:03 haproxy[32068]: {line}",
    "RFC 3164, year after the time": lambda line: f"<46>Jun  2 06:55:39 2022 localhost haproxy[27213]: {line}",
    "RFC 3164, year after the day": lambda line: f"Jun  2 2022 06:55:39 localhost haproxy: {line}",
    "RFC 3164, host with commas": lambda line: f"<12>May 20 09:33:54 UDMPRO,a2ed,udm-1.10 nginx: {line}",
    "RFC 3164, tag without colon": lambda line: f"Nov 24 03:11:03 web-0 nginx[12] {line}",
    "syslog with ISO time without zone": lambda line: f"<30>2026-11-24T03:10:54 web-0 nginx: {line}",
    "compose": lambda line: f"web-1  | {line}",
    "compose, padded": lambda line: f"web_1           | {line}",
    "compose in colour": lambda line: f"{ESC}[36mweb-1  | {ESC}[0m{line}",
    "compose v1 in colour": lambda line: f"{ESC}[33;1mweb_1  |{ESC}[0m {line}",
    "docker service logs": lambda line: f"web.1.abc9@node-7    | {line}",
    "kubectl --prefix": lambda line: f"[pod/web-7d9f8b6c5-x2x4z/nginx] {line}",
    "kubectl --prefix in colour": lambda line: f"{ESC}[32m[pod/web-0/nginx]{ESC}[0m {line}",
    "stern": lambda line: f"web-7d9f8b6c5-x2x4z nginx {line}",
    "stern of all namespaces": lambda line: f"shop web-7d9f8b6c5-x2x4z nginx {line}",
    "stern in colour": lambda line: f"{ESC}[36mweb{ESC}[0m {ESC}[96mnginx{ESC}[0m {line}",
    "host and tag": lambda line: f"frontend.0 nginx: {line}",
    "JSON with a text": lambda line: _json(msg=line, caller="main.go:7"),
}
"""None of them tells an instant."""

ENVELOPES = WITH_TIME | WITHOUT_TIME
PARTS = {"docker json-file": docker, "CRI": cri, "Fluent Bit": fluent_bit, "docker's journald driver": dockerd}
"""Those that split long lines: writer(part, stream, ended=...)."""
