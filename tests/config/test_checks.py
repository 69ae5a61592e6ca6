from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from apiwatch.config import Settings, load, problems
from apiwatch.config.checks import RULES, leaves
from apiwatch.config.settings import Detectors, Seconds
from tests.config.files import problem_of, written

KEYS = [".".join(path) for path, _ in leaves()]


def test_a_file_with_a_few_settings_keeps_the_defaults_of_the_others(tmp_path: Path) -> None:
    text = """
sources:
  paths: [/var/log/nginx/*.log, "/srv/a b.log"]
  since: 2026-08-01T10:00:00Z
  trusted_proxy:
    - 10.0.0.0/8
    - 2001:DB8::/32
  poll_interval: 500ms
limits:
  clients: 1_000
retention: {alerts: 90}
detectors:
  auth.log-in: {enabled: no, threshold: 9}
dashboard: {theme: light, ascii: yes}
block:
  ttl: 1h30m
  allow: [192.0.2.7]
"""
    settings, default = load(written(tmp_path, text)), Settings()
    assert settings.sources.paths == ("/var/log/nginx/*.log", "/srv/a b.log")
    assert settings.sources.since == "2026-08-01T10:00:00Z"
    assert settings.sources.trusted_proxy == ("10.0.0.0/8", "2001:db8::/32")
    assert settings.sources.poll_interval == 0.5
    assert settings.limits.clients == 1000
    assert settings.limits.principals == default.limits.principals
    assert settings.retention.alerts == 90.0
    assert settings.detectors.log_in.enabled is False
    assert settings.detectors.log_in.threshold == 9.0
    assert settings.detectors.sequential == default.detectors.sequential
    assert (settings.dashboard.theme, settings.dashboard.ascii) == ("light", True)
    assert (settings.block.ttl, settings.block.allow) == (5400.0, ("192.0.2.7/32",))


def test_a_section_without_settings_means_its_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "limits:\nblock: ~\nsources: {}\ndetectors:\n  enumeration.miss:\n")) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limits:\n  cleints: 5\n", "line 2: `limits.cleints` is not a setting; did you mean `limits.clients`?"),
        ("dashboard: {keys: [p]}\n", "line 1: `dashboard.keys` must hold lines such as `acknowledge: Y`"),
        ("dashboard:\n  keys:\n    pause: ctrl+foo\n", "line 3: `dashboard.keys.pause`: `ctrl+foo` is not a key"),
        (
            "dashboard:\n  keys:\n    ../x: p\n",
            "line 3: `dashboard.keys.../x`: `../x` is not the name of a key binding",
        ),
        ("Limits: {}\n", "line 1: `Limits` is not a setting; did you mean `limits`?"),
        ("sources:\n  trusted-proxy: []\n", "did you mean `sources.trusted_proxy`?"),
        ("paths: [a]\n", "`paths` is not a setting here; put `paths` on a line below the section `sources`."),
        ("sources.paths: [a]\n", "put `paths` on a line below the section `sources`."),
        ("clients: 5\n", "put `clients` on a line below the section `limits` or `retention` or"),
        ("auth.log-in: {}\n", "put `auth.log-in` on a line below the section `detectors`."),
        (
            "detectors:\n  enumeration:\n    miss: {}\n",
            "did you mean `detectors.enumeration.sequential` or `detectors.enumeration.miss`",
        ),
        ("detectors:\n  enumeration.mis: {}\n", "line 2: `detectors.enumeration.mis` is not a setting; did you mean"),
        ("queue: 5\n", "did you mean `limits.queue_lines`?"),
        (
            "zzz: 5\n",
            "`zzz` is not a setting; valid here: db, sources, limits, retention, routes, detectors, alerts, classes, ",
        ),
        ('"a\\n\\x1b\\u202e": 5\n', "`a\\x0a\\x1b\\u202e` is not a setting; valid here:"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_valid_one(tmp_path: Path, text: str, says: str) -> None:
    assert says in problem_of(tmp_path, text)


@pytest.mark.parametrize("key", KEYS)
def test_a_slip_in_any_key_names_the_right_one(tmp_path: Path, key: str) -> None:
    *sections, name = next(path for path, _ in leaves() if ".".join(path) == key)
    text = "".join(f"{'  ' * depth}{section}:\n" for depth, section in enumerate(sections))
    text += f"{'  ' * len(sections)}{name}x: 5\n"
    message = problem_of(tmp_path, text)
    assert message == f"line {len(sections) + 1}: `{key}x` is not a setting; did you mean `{key}`?"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "limits: {clients: 5}\n",
            "`limits.clients`: `5` is not possible; it must be a whole number from 100 to 5000000.",
        ),
        ("limits: {clients: 500.5}\n", "it must be a whole number from 100 to 5000000."),
        ("limits: {clients: 1h}\n", "it must be a whole number from 100 to 5000000."),
        ("limits: {clients: true}\n", "it must be a whole number from 100 to 5000000."),
        ("limits: {clients: '500'}\n", "it must be a whole number from 100 to 5000000."),
        ("limits: {clients: 999999999999999999999999999}\n", "it must be a whole number from 100 to 5000000."),
        ("limits: {clients: }\n", "it has no value; write a whole number from 100 to 5000000, or remove the line"),
        ("limits: {clients: [500]}\n", "this is a list, but must be a whole number from 100 to 5000000."),
        ("limits: {clients: {a: 500}}\n", "this is a section, but must be a whole number from 100 to 5000000."),
        ("limits: 500\n", "`limits` is a section; put its settings (clients, principals, routes, ...) indented"),
        ("limits: [500]\n", "`limits` is a section"),
        ("dashboard: {refresh: 0}\n", "it must be a number of seconds from 0.25 to 10."),
        ("dashboard: {refresh: 1h}\n", "it must be a number of seconds from 0.25 to 10."),
        ("dashboard: {mouse: 1}\n", "`dashboard.mouse`: `1` is not possible; it must be true or false."),
        ("dashboard: {window: 2m}\n", "`dashboard.window`: `2m` is not known; write 1m, 5m, 15m or 1h."),
        ("dashboard: {theme: off}\n", "`dashboard.theme`: `off` is not possible; it must be a text (in quotes"),
        ("dashboard: {theme: solarized}\n", "write auto, dark, light, ansi or ansi-light."),
        ("block: {ttl: 1x}\n", "`block.ttl`: `1x` is not a duration; write for example 90s, 15m, 1h or 7d."),
        ("block: {ttl: -5}\n", "it must be a duration such as 15m, 1h or 7d, or a number of seconds, not negative."),
        ("block: {ttl: .inf}\n", "is not a duration"),
        ("block: {ttl: 1e300}\n", "is longer than a hundred years"),
        ("block: {ttl: 0}\n", "`block.ttl` must be longer than 0s; write for example 1h."),
        ("block: {ttl: 8d}\n", "`block.ttl` must not be longer than `block.max_ttl` (7d)."),
        ("block: {max_ttl: 10m}\n", "`block.ttl` must not be longer than `block.max_ttl` (10m)."),
        ("block: {widest_v4: 8}\n", "it must be a whole number from 16 to 32."),
        (
            "block: {allow: [10.1.2.3/8]}\n",
            "`block.allow`: `10.1.2.3/8` has bits set behind its prefix; write 10.0.0.0/8",
        ),
        (
            "block: {allow: 192.0.2.1}\n",
            "`block.allow` must be a list; write each value on a line of its own with `- `",
        ),
        ("block: {allow: }\n", "`block.allow` has no value; write [] for an empty list."),
        ("block: {allow: {a: b}}\n", "`block.allow` must be a list"),
        (
            "block:\n  allow:\n    - 192.0.2.1\n    - nonsense\n",
            "line 4: `block.allow`: `nonsense` is not an IP address",
        ),
        ("block:\n  allow:\n    - 192.0.2.1\n    -\n", "line 4: `block.allow`: a value of this list is empty"),
        ("block: {allow: [[192.0.2.1]]}\n", "must be a text, not a list or a section"),
        ("block: {allow: [5]}\n", "`5` must be a text; put it in quotes if it is meant like this."),
        ("sources: {trusted_proxy: [lb.example.com]}\n", "`lb.example.com` is not an IP address or network"),
        ("sources: {syslog: ['udp://127.0.0.1']}\n", "a port from 1 to 65535"),
        ("sources: {since: yesterday}\n", "`sources.since`: `yesterday` is not a point in time; write a duration"),
        ("sources: {since: 2026-08-01T10:00:00}\n", "has no time zone"),
        ("sources: {paths: ['']}\n", "`sources.paths`: is empty; name a file or remove the line."),
        ('sources: {paths: ["a\\0b"]}\n', "no file name can have."),
        ("sources: {format: ''}\n", "`sources.format`: is empty"),
        ("db: 5\n", "`db`: `5` is not possible; it must be a text (in quotes if it looks like a number)."),
        ("db: ''\n", "`db`: is empty"),
        ("retention: {alerts: 10s}\n", "`retention.alerts` must be at least 1m"),
        ("detectors: {enumeration.miss: {p0_start: 1.5}}\n", "it must be a number from 0 to 1."),
        ("detectors: {enumeration.miss: {threshold: 0}}\n", "it must be a number above 0."),
        ("detectors: {enumeration.miss: {medium_objects: 0}}\n", "it must be a whole number of at least 1."),
        ("detectors: {enumeration.miss: {p0_min: 0.4}}\n", "must lie between p0_min (0.4) and p0_max (0.75)."),
        ("detectors: {enumeration.miss: {p0_start: 0.01}}\n", "must lie between p0_min (0.02) and p0_max (0.75)."),
        ("detectors: {enumeration.miss: {p0_min: 0}}\n", "`detectors.enumeration.miss.p0_min` must be above 0."),
        (
            "detectors: {enumeration.miss: {p0_max: 0.97}}\n",
            "`detectors.enumeration.miss.p0_max` must be at most 0.90.",
        ),
        ("detectors: {enumeration.sequential: {high_objects: 4}}\n", "must not be larger than high_objects (4)."),
        ("detectors: {auth.log-in: {p1: 0.2}}\n", "`detectors.auth.log-in.p0_max` must be smaller than p1 (0.2)."),
        ("detectors: {auth.log-in: {p1: 1}}\n", "`detectors.auth.log-in.p1` must be below 1."),
        ("detectors: {recon.endpoint-fuzzing: {p0: 0}}\n", "`detectors.recon.endpoint-fuzzing.p0` must be above 0."),
        ("detectors: {recon.endpoint-fuzzing: {p0: 0.7}}\n", "must be smaller than p1 (0.6)."),
    ],
)
def test_an_impossible_value_is_refused_with_what_is_possible(tmp_path: Path, text: str, says: str) -> None:
    assert says in problem_of(tmp_path, text)


@pytest.mark.parametrize("path", [path for path, info in leaves() if info.type == Seconds], ids=".".join)
def test_every_duration_takes_a_number_or_a_text(tmp_path: Path, path: tuple[str, ...]) -> None:
    def loaded(value: str) -> Settings:
        return load(written(tmp_path, "".join(f"{{{key}: " for key in path) + value + "}" * len(path)))

    assert loaded("2h") == loaded("7200")
    known = {".".join(leaf): value for leaf, value in _values(loaded("2h"))}
    assert known[".".join(path)] == 7200.0


def _values(node: Struct, sections: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for info in fields(node):
        value, path = getattr(node, info.name), (*sections, info.encode_name)
        if isinstance(value, Struct):
            yield from _values(value, path)
        else:
            yield path, value


def test_a_contradiction_points_at_the_line_that_causes_it(tmp_path: Path) -> None:
    text = "block:\n  max_ttl: 10m\ndetectors:\n  auth.log-in:\n    p1: 0.25\n"
    file = written(tmp_path, text)
    assert problems(file) == [
        f"{file}, line 2: `block.ttl` must not be longer than `block.max_ttl` (10m).",
        f"{file}, line 5: `detectors.auth.log-in.p0_max` must be smaller than p1 (0.25).",
    ]


def test_all_problems_are_listed_by_line_and_the_first_is_the_error(tmp_path: Path) -> None:
    text = "block:\n  ttl: 1x\nlimits:\n  clients: 5\n  cleints: 5\n"
    message = problem_of(tmp_path, text)
    assert message == (
        "line 2: `block.ttl`: `1x` is not a duration; write for example 90s, 15m, 1h or 7d."
        " (the first of 3 problems in this file)"
    )
    found = problems(tmp_path / "apiwatch.yaml")
    assert [each.split(": ")[0].rpartition(" ")[2] for each in found] == ["2", "4", "5"]


def test_a_file_without_problems_has_none(tmp_path: Path) -> None:
    assert problems(written(tmp_path, "limits: {clients: 500}\n")) == []


def test_every_rule_belongs_to_a_setting_that_exists() -> None:
    assert set(RULES) <= set(KEYS)


def test_every_text_setting_has_a_rule() -> None:
    texts = {".".join(path) for path, info in leaves() if info.type in (str, str | None, tuple[str, ...])}
    assert texts == set(RULES)


def test_detectors_stand_under_the_names_of_their_alerts() -> None:
    assert all("." in info.encode_name for info in fields(Detectors))


def test_the_defaults_contradict_nothing(tmp_path: Path) -> None:
    text = "".join(f"{section}: {{}}\n" for section in ("sources", "limits", "detectors", "block"))
    assert problems(written(tmp_path, text)) == []
