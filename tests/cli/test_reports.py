"""What the screens show, as text and as JSON; pipes that are closed early; settings, doctor, help."""

import subprocess
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from apiwatch.cli.root import root
from tests.cli.logs import WALKER, incident, text_of
from tests.cli.program import DEADLINE_S, collector, command, environment, json_lines, refused, run, wait_for


@pytest.fixture(scope="module")
def state(incident_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    db = home / "state.db"
    assert run(home, "replay", f"--db={db}", str(incident_log)).returncode == 0
    return db


def test_alerts_as_json_have_the_fields_of_replay(home: Path, state: Path) -> None:
    found = json_lines(run(home, "alerts", "--all", "--json", f"--db={state}").stdout)
    assert {alert["client"] for alert in found} == {WALKER}
    assert {"id", "severity", "explanation", "evidence", "state", "owasp"} <= set(found[0])


def test_clients_are_listed_worst_first(home: Path, state: Path) -> None:
    found = json_lines(run(home, "clients", "--json", "--sort=requests", f"--db={state}").stdout)
    assert len(found) == 41
    counts = [client["requests"] for client in found]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == len(incident())


def test_a_filter_narrows_what_is_listed(home: Path, state: Path) -> None:
    found = json_lines(run(home, "clients", "--json", f"--filter=client:{WALKER} reqs>1", f"--db={state}").stdout)
    assert [client["client"] for client in found] == [WALKER]
    wrong = refused(home, 2, "alerts", "--filter=sevrity:high", f"--db={state}")
    assert "--filter: `sevrity` is not a field of alerts; did you mean `severity`?" in wrong
    completed = ShellComplete(root, {}, "apiwatch", "_").get_completions(["clients", "--filter"], "sco")
    assert [item.value for item in completed] == ["score>"]


def test_routes_are_templated(home: Path, state: Path) -> None:
    found = json_lines(run(home, "routes", "--json", f"--db={state}").stdout)
    assert len(found) < 20
    assert any("/api/users/{" in route["route"] for route in found)
    assert sum(route["requests"] for route in found) == len(incident())


def test_routes_come_from_a_file_from_pins_or_from_learning(home: Path, incident_log: Path) -> None:
    db = home / "routes.db"
    settings = home / "own.yaml"
    settings.write_text("routes:\n  pin: ['/api/articles/{title}']\n")
    file = home / "openapi.yaml"
    file.write_text("openapi: 3.0.0\npaths: {'/api/users/{id}': {get: {}}}\n")
    read = run(home, "replay", f"--db={db}", f"--config={settings}", f"--openapi={file}", str(incident_log))
    assert read.returncode == 0
    found = json_lines(run(home, "routes", "--json", f"--db={db}").stdout)
    origins = {route["route"]: route["origin"] for route in found}
    assert origins["GET /api/users/{slug}"] == "openapi"
    assert origins["GET /api/articles/{slug}"] == "pinned"
    assert origins["GET /api/orders/{int}"] == "learned"
    tree = run(home, "routes", "--tree", f"--db={db}").stdout
    requests = next(route["requests"] for route in found if route["route"] == "GET /api/users/{slug}")
    assert f"    /users  {requests}\n      /{{slug}}  {requests}  GET {requests} (openapi)\n" in tree
    pins = run(home, "routes", "--pins", f"--db={db}").stdout
    assert pins == 'routes:\n  pin:\n    - "/api/orders/{int}"\n'
    settings.write_text(pins)
    assert run(home, "config", "check", str(settings)).returncode == 0
    assert "choose one" in refused(home, 2, "routes", "--json", "--tree", f"--db={db}")


def test_a_wrong_openapi_file_is_refused_before_anything_starts(home: Path, incident_log: Path) -> None:
    file = home / "openapi.yaml"
    file.write_text("openapi: 3.0.0\npaths: [1]\n")
    for command_name in ("replay", "collect"):
        message = refused(home, 2, command_name, f"--db={home}/x.db", f"--openapi={file}", str(incident_log))
        assert message.startswith(f"apiwatch: {file}: `paths` must be a mapping")
    settings = home / "own.yaml"
    settings.write_text(f"routes: {{openapi: ['{file}']}}\n")
    assert "`paths` must be a mapping" in run(home, "config", "check", str(settings)).stderr


def test_show_tells_everything_about_a_client(home: Path, state: Path) -> None:
    (record,) = json_lines(run(home, "show", WALKER, "--json", f"--db={state}").stdout)
    assert record["requests"] == 120
    assert record["routes"][0]["objects"] == 120
    assert record["user_agents"][0]["value"] == "python-requests/2.31"
    assert record["alert_rows"]
    assert record["evidence"]
    text = run(home, "show", WALKER, f"--db={state}").stdout
    assert "/api/users/{" in text
    assert "  why      " in text


def test_reports_work_while_a_collector_runs(home: Path, incident_log: Path) -> None:
    db = home / "live.db"
    with collector(home, db, "--since=start", str(incident_log)):
        wait_for(lambda: WALKER in run(home, "alerts", "--all", f"--db={db}").stdout, "the alert")
        assert run(home, "clients", f"--db={db}").stderr == ""


def test_a_stopped_collector_is_mentioned(home: Path, state: Path) -> None:
    assert "collector" in run(home, "clients", f"--db={state}").stderr or run(home, "clients", f"--db={state}").stdout


@pytest.mark.parametrize("name", ["parse", "replay"])
def test_closed_pipe_is_no_error(home: Path, incident_log: Path, name: str) -> None:
    with subprocess.Popen(
        command(name, *(["--json"] if name == "replay" else []), *[str(incident_log)] * 8),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(DEADLINE_S) in {0, -13}


def test_config_round_trip(home: Path) -> None:
    path = home / "mine.yaml"
    assert run(home, "config", "init", "-o", str(path)).returncode == 0
    assert run(home, "config", "check", str(path)).returncode == 0
    refused(home, 2, "config", "init", "-o", str(path))
    path.write_text("limits:\n  clints: 1\n  clients: -1\n")
    done = run(home, "config", "check", str(path))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    shown = home / "shown.yaml"
    shown.write_text(run(home, "config", "show").stdout)
    assert run(home, "config", "check", str(shown)).returncode == 0


def test_flag_beats_the_file_only_if_typed(home: Path, incident_log: Path) -> None:
    path = home / "mine.yaml"
    path.write_text("sources:\n  format: json\n")
    assert run(home, "parse", f"--config={path}", str(incident_log)).returncode == 3
    assert run(home, "parse", f"--config={path}", "--format=combined", str(incident_log)).returncode == 0


def test_doctor_names_what_is_wrong(home: Path, incident_log: Path) -> None:
    fine = run(home, "doctor", "--json", str(incident_log))
    assert fine.returncode == 0, fine.stdout
    checks = {check["name"]: check for check in json_lines(fine.stdout)}
    assert checks["source"]["state"] == "ok"
    assert "combined" in checks["source"]["text"]
    assert {"settings", "state", "terminal", "nft"} <= set(checks)
    letter = home / "letter.txt"
    letter.write_text("Dear Sir,\n" * 10)
    bad = run(home, "doctor", str(letter))
    assert bad.returncode == 1
    assert "letter.txt" in bad.stdout


def test_doctor_counts_what_the_collector_made_of_each_source_and_says_what_is_wrong(home: Path) -> None:
    log, good, db = home / "half read.log", home / "good.log", home / "counted.db"
    text = text_of(incident(60, 0))
    log.write_text(text + "GET|/x|200\n" * 400)
    good.write_text(text.replace("/api/", "/api2/"))
    other = text.replace("/api/", "/api3/").encode()
    assert run(home, "collect", f"--db={db}", "--since=start", "-", stdin=other).returncode == 0
    assert run(home, "replay", f"--db={db}", str(log), str(good)).returncode == 0
    done = run(home, "doctor", "--json", f"--db={db}", str(good))
    assert done.returncode == 1
    records = json_lines(done.stdout)
    sources = {record["source"]: record for record in records if record["type"] == "source"}
    assert set(sources) == {"stdin", str(log), str(good)}
    half = sources[str(log)]
    assert half["lines"] == half["requests"] + half["unparsed"] + half["skipped"]
    assert (half["unparsed"], half["kind"], half["format"], half["state"]) == (400, "file", "combined", "ended")
    assert (half["lag_s"], half["backlog_bytes"], half["late"], half["cut"], half["dropped"]) == (0, 0, 0, 0, 0)
    assert half["last_time"].endswith("Z")
    assert f"apiwatch parse --explain '{log}'" in half["wrong"][0]
    assert sources[str(good)]["wrong"] == []
    (note,) = sources[str(good)]["notes"]
    assert note.startswith("the log has no user, token")
    wrong = [record["text"] for record in records if record["type"] == "check" and record["state"] == "wrong"]
    assert f"{log}: {half['wrong'][0]}" in wrong
    told = run(home, "doctor", f"--db={db}", str(good))
    assert told.returncode == 1
    assert f"{log}: ended, combined; {half['lines']} lines, {half['requests']} requests, 400 unparsed" in told.stdout
    assert half["wrong"][0] in told.stdout


def test_doctor_is_content_with_sources_that_are_well(home: Path, incident_log: Path) -> None:
    db = home / "fine.db"
    assert run(home, "replay", f"--db={db}", str(incident_log)).returncode == 0
    done = run(home, "doctor", "--json", f"--db={db}", str(incident_log))
    assert done.returncode == 0, done.stdout
    (record,) = [record for record in json_lines(done.stdout) if record["type"] == "source"]
    assert record["requests"] == record["lines"] == len(incident_log.read_text().splitlines())


def test_doctor_names_a_foreign_state_file(home: Path, incident_log: Path) -> None:
    db = home / "diary.db"
    db.write_text("Dear diary,\n" * 100)
    done = run(home, "doctor", f"--db={db}", str(incident_log))
    assert done.returncode == 1
    assert "diary.db" in done.stdout
    assert db.read_text().startswith("Dear diary")


def test_help_lists_every_command_and_loads_none(home: Path) -> None:
    code = (
        "import sys\nfrom apiwatch.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'textual', 'rich', 'plotext', 'httpx', 'yaml', 'sqlite3', 'asyncio', 'msgspec'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([command()[0], "-c", code], capture_output=True, text=True, env=environment(home), check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    from apiwatch.cli.root import COMMANDS

    for name in COMMANDS:
        assert f"  {name} " in done.stdout


def test_every_command_has_help(home: Path) -> None:
    from apiwatch.cli.root import COMMANDS, root

    for name, (_, _, text) in COMMANDS.items():
        found = root.get_command(root.make_context("apiwatch", ["--help"], resilient_parsing=True), name)
        assert found is not None, name
        assert found.help, text


def test_version_and_completion(home: Path) -> None:
    assert run(home, "--version").stdout.startswith("apiwatch ")
    assert "_APIWATCH_COMPLETE" in run(home, "completion", "bash").stdout
    done = run(home, _APIWATCH_COMPLETE="bash_complete", COMP_WORDS="apiwatch re", COMP_CWORD="1")
    assert "replay" in done.stdout


def test_no_headless_command_loads_a_drawing_library(home: Path, incident_log: Path) -> None:
    code = (
        "import sys\nfrom apiwatch.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'textual', 'rich', 'plotext', 'httpx'} & sys.modules.keys()), file=sys.stderr)"
    )
    for arguments in (["replay", str(incident_log)], ["parse", str(incident_log)], ["doctor", str(incident_log)]):
        done = subprocess.run(
            [command()[0], "-c", code, *arguments], capture_output=True, text=True, env=environment(home), check=True
        )
        assert done.stderr.splitlines()[-1] == "[]", arguments


def test_standard_input_named_dash_is_collected(home: Path) -> None:
    db = home / "one.db"
    done = run(home, "collect", f"--db={db}", "-", stdin=text_of(incident(30, 1)).encode())
    assert done.returncode == 0, done.stderr
    assert len(json_lines(run(home, "clients", "--json", f"--db={db}").stdout)) > 10
