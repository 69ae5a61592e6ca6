"""Real web servers on 127.0.0.1, each with a block list in a file, and clients on other addresses of 127/8."""

import contextlib
import http.client
import json
import os
import select
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.running import find

__all__ = [
    "PROGRAMS",
    "Served",
    "asks",
    "blocked",
    "client_of",
    "free_port",
    "is_cut",
    "programs_of_the_environment",
    "serving",
    "status_of",
]

CLIENTS = (1, 7, 65, 70)
"""Last bytes of 127.0.0.x."""

_DEADLINE_S = 20.0
_ENVOY = "type.googleapis.com/envoy.extensions.filters"

PROGRAMS = {
    "nginx": "nginx",
    "apache": "apache2",
    "haproxy": "haproxy",
    "haproxy-conditions": "haproxy",
    "caddy": "caddy",
    "traefik": "traefik",
    "envoy": "envoy",
    "varnish": "varnishd",
}


@dataclass(frozen=True)
class Served:
    """A running server."""

    directory: Path
    port: int
    options: Mapping[str, str]
    """For `Target.applier`."""

    @property
    def path(self) -> Path:
        return Path(self.options["path"])

    @property
    def config(self) -> Path:
        return self.directory / "main.conf"


@dataclass(frozen=True)
class _Plan:
    config: str
    command: list[str]
    options: dict[str, str]


def programs_of_the_environment() -> None:
    """Servers from PyPI are beside the interpreter."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + beside


@contextlib.contextmanager
def serving(name: str, directory: Path) -> Iterator[Served]:
    """The server with an empty list, until the end of the block."""
    path = directory / "lists" / f"apiwatch.{TARGETS[name].suffix}"
    path.parent.mkdir()
    (artifact,) = TARGETS[name].render(plan([], 0.0), ())
    path.write_bytes(artifact.content)
    port = free_port()
    made = _PLANS[name](directory, path, port)
    (directory / "main.conf").write_text(made.config)
    program = find(PROGRAMS[name])
    assert program is not None
    log = (directory / "log.txt").open("wb")
    environment = {
        **os.environ,
        "HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
        "XDG_DATA_HOME": str(directory),
    }
    process = subprocess.Popen([program, *made.command], cwd=directory, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _DEADLINE_S
        while _status(port, CLIENTS[0]) is None:
            said = (directory / "log.txt").read_text(errors="replace")
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
        yield Served(directory, port, {"path": str(path), **made.options})
    finally:
        process.terminate()
        try:
            process.wait(_DEADLINE_S / 4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _nginx(directory: Path, path: Path, port: int) -> _Plan:
    call = f"nginx -p {directory} -c main.conf -e stderr"
    temporary = "".join(f"{kind}_temp_path t; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = (
        f"daemon off; pid nginx.pid; error_log stderr; events {{ }}\nhttp {{ access_log off; {temporary}\n"
        f"include {path};\n"
        f"server {{ listen 127.0.0.1:{port}; if ($apiwatch_block) {{ return 403; }}\n"
        "location / { return 204; } } }\n"
    )
    return _Plan(config, shlex.split(call)[1:], {"check": f"{call} -q -t", "reload": f"{call} -s reload"})


def _apache(directory: Path, path: Path, port: int) -> _Plan:
    modules = "/usr/lib/apache2/modules"
    loaded = "".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in ("mpm_event", "authz_core", "authz_host")
    )
    config = (
        f"ServerName localhost\nPidFile a.pid\nDefaultRuntimeDir .\nErrorLog error.log\n{loaded}"
        f"Listen 127.0.0.1:{port}\nUser nobody\nGroup nogroup\nDocumentRoot /usr\n"
        f"Include {path}\n<VirtualHost *:{port}>\n</VirtualHost>\n"
    )
    call = f"apache2 -d {directory} -f {directory}/main.conf"
    command = [*shlex.split(call)[1:], "-D", "FOREGROUND"]
    return _Plan(config, command, {"check": f"{call} -t", "reload": f"{call} -k graceful"})


def _haproxy(directory: Path, path: Path, port: int) -> _Plan:
    config = (
        f"global\n  stats socket {directory}/admin.sock level admin\ndefaults\n  mode http\n  timeout client 9s\n"
        f"  timeout server 9s\n  timeout connect 9s\nfrontend f\n  bind 127.0.0.1:{port}\n"
        f"  http-request deny deny_status 403 if {{ src -f {path} }}\n  http-request return status 200\n"
    )
    return _Plan(config, ["-db", "-f", "main.conf"], {"socket": f"{directory}/admin.sock"})


def _haproxy_conditions(directory: Path, path: Path, port: int) -> _Plan:
    lines = [line.partition(": ")[2] for line in TARGETS["haproxy-conditions"].commands([str(path)]).apply[:2]]
    rules = "".join(f"  {line.removesuffix('  (its absolute path)')}\n" for line in lines)
    config = (
        "defaults\n  mode http\n  timeout client 9s\n"
        "  timeout server 9s\n  timeout connect 9s\n  timeout http-keep-alive 1s\n"
        f"frontend f\n  bind 127.0.0.1:{port}\n{rules}  http-request return status 200\n"
    )
    # The oldest process with this file on its command line is the master: the file itself is empty for a moment while a
    # reload before is under way.
    reload = f"pkill -USR2 -o -f {directory}/master.pid"
    command = ["-W", "-db", "-p", f"{directory}/master.pid", "-f", "main.conf"]
    return _Plan(config, command, {"check": f"haproxy -c -q -f {directory}/main.conf", "reload": reload})


def _caddy(directory: Path, path: Path, port: int) -> _Plan:
    admin = f"127.0.0.1:{free_port()}"
    config = (
        f"{{\n\tadmin {admin}\n\torder error first\n}}\nimport {path}\n"
        f"http://:{port} {{\n"
        "\tbind 127.0.0.1\n\thandle /* {\n\t\trespond 200\n\t}\n\timport apiwatch\n}\n"
    )
    options = {"config": f"{directory}/main.conf", "admin": f"http://{admin}"}
    return _Plan(config, ["run", "--config", "main.conf", "--adapter", "caddyfile"], options)


def _traefik(directory: Path, path: Path, port: int) -> _Plan:
    api = f"127.0.0.1:{free_port()}"
    command = [
        f"--entrypoints.web.address=127.0.0.1:{port}",
        f"--entrypoints.traefik.address={api}",
        "--api.insecure",
        f"--providers.file.directory={path.parent}",
        "--providers.providersthrottleduration=50ms",
        "--log.level=ERROR",
    ]
    return _Plan("", command, {"api": f"http://{api}"})


def _envoy(directory: Path, path: Path, port: int) -> _Plan:
    admin = free_port()
    source = {"path_config_source": {"path": str(path)}}
    discovered = {"config_source": source, "type_urls": [f"{_ENVOY}.http.rbac.v3.RBAC"]}
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    manager = {
        "@type": f"{_ENVOY}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x",
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [
            {"name": "apiwatch", "config_discovery": discovered},
            {"name": "router", "typed_config": {"@type": f"{_ENVOY}.http.router.v3.Router"}},
        ],
    }
    listener = {"address": _address(port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}
    config = {
        "node": {"id": "x", "cluster": "x"},
        "admin": {"address": _address(admin)},
        "static_resources": {"listeners": [listener]},
    }
    command = ["-c", "envoy.json", "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    (directory / "envoy.json").write_text(json.dumps(config))
    return _Plan("", command, {"admin": f"http://127.0.0.1:{admin}"})


def _address(port: int) -> dict[str, dict[str, object]]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _varnish(directory: Path, path: Path, port: int) -> _Plan:
    config = f'vcl 4.1;\ninclude "{path}";\nbackend default none;\nsub vcl_recv {{ return (synth(200)); }}\n'
    main = f"{directory}/main.conf"
    compiler = "cc_command=exec gcc -O0 -w -fpic -shared -o %o %s"
    command = ["-F", "-j", "none", "-n", f"{directory}/v", "-a", f"127.0.0.1:{port}", "-s", "malloc,4m"]
    options = {"config": main, "varnishadm": f"varnishadm -n {directory}/v"}
    return _Plan(config, [*command, "-p", compiler, "-f", main], options)


_PLANS: dict[str, Callable[[Path, Path, int], _Plan]] = {
    "nginx": _nginx,
    "apache": _apache,
    "haproxy": _haproxy,
    "haproxy-conditions": _haproxy_conditions,
    "caddy": _caddy,
    "traefik": _traefik,
    "envoy": _envoy,
    "varnish": _varnish,
}


def blocked(served: Served, expected: set[int]) -> set[int]:
    """Clients that get 403; some servers need a moment after a reload until these are as expected."""
    deadline = time.monotonic() + _DEADLINE_S / 4
    while True:
        found = {client for client in CLIENTS if _status(served.port, client) == http.client.FORBIDDEN}
        if found == expected or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def client_of(served: Served, client: int) -> http.client.HTTPConnection:
    return _connection(served.port, client)


def status_of(served: Served, client: int, path: str, *, host: str = "127.0.0.1", agent: str = "Mozilla/5.0") -> int:
    """Of one request."""
    connection = _connection(served.port, client)
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        connection.putheader("User-Agent", agent)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def asks(connection: http.client.HTTPConnection) -> int | None:
    """Status of one more request on a connection; None when it was cut."""
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
    except (http.client.HTTPException, OSError):
        return None
    return answer.status


def is_cut(connection: http.client.HTTPConnection) -> bool:
    """Whether the server ends a connection on which nothing is asked, within seconds."""
    return bool(select.select([connection.sock], [], [], _DEADLINE_S / 4)[0]) and connection.sock.recv(1) == b""


def _connection(port: int, client: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(f"127.0.0.{client}", 0))


def _status(port: int, client: int) -> int | None:
    """None: refused, or cut off by a reload."""
    connection = _connection(port, client)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
