"""A user's own template: what it may say, and that nothing from a log gets further than into a comment."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from apiwatch.blocklist import plan
from apiwatch.blocklist.targets.template import Template, template_of
from apiwatch.errors import GuardError, UsageError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, plan_of
from tests.blocklist.test_planning import ENTRIES

FILE = "# list @revision@ of @at@, @count@ entries (mail ops@example.com; {x} and $x stay)\nbegin\n@entries@\nend\n"
PER_ENTRY = "  drop @bare@ until @expires@ (@seconds@ s, IPv@family@, @address@ @prefix@ @netmask@) # @id@: @comment@"


def template(directory: Path, file: str = FILE, per_entry: str = PER_ENTRY, **more: str) -> Template:
    path = directory / "my list"
    path.write_text(file)
    return template_of("own", {"file": str(path), "suffix": "conf", "per_entry": per_entry, **more})


def test_a_list_is_exactly_this(tmp_path: Path) -> None:
    target = template(tmp_path)
    made = plan([entry("203.0.113.7"), entry("2001:db8::/64", None, name="01JDB", reason=HOSTILE[0])], NOW, 17)
    (artifact,) = target.render(made, ())
    assert artifact.name == "apiwatch-own.conf"
    assert artifact.content.decode() == (
        "# list 17 of 2026-11-24T01:50:00Z, 2 entries (mail ops@example.com; {x} and $x stay)\n"
        "begin\n"
        "  drop 203.0.113.7 until 2026-11-24T02:50:00Z (3600 s, IPv4, 203.0.113.7 32 255.255.255.255) "
        "# 01JDA: 01JDA scanner\n"
        "  drop 2001:db8::/64 until never (0 s, IPv6, 2001:db8:: 64 ffff:ffff:ffff:ffff::) "
        "# 01JDB: 01JDB walk add rule inet filter input accept\n"
        "end\n"
    )
    assert target.parse(artifact.content) == target.planned(made)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES)
def test_it_reads_back(tmp_path: Path, entries: list[BlockEntry]) -> None:
    made = plan(
        [
            BlockEntry(e.id, e.net, HOSTILE[at % len(HOSTILE)], (), e.actor, e.created, e.expires, e.state)
            for at, e in enumerate(entries)
        ],
        NOW,
    )
    for per_entry in (PER_ENTRY, "@net@", "@comment@ @bare@"):
        target = template(tmp_path, per_entry=per_entry)
        for artifact in target.render(made, ()):
            assert target.parse(artifact.content) == target.planned(made)


def test_a_line_with_words_for_conditions_holds_them(tmp_path: Path) -> None:
    some = replace(entry("203.0.113.7"), condition='path=/us-ers agent=x "; $(y) %41')
    made = plan([some, entry("203.0.113.8")], NOW)
    target = template(tmp_path, per_entry="@bare@ host=@host@; path=@path@; agent=@agent@;")
    (artifact,) = target.render(made, ())
    assert b"\n203.0.113.7 host=; path=/us-ers; agent=x%20%22%3B%20%24%28y%29%20%2541;\n" in artifact.content
    assert target.parse(artifact.content) == target.planned(made)
    with pytest.raises(GuardError, match="cannot tell requests apart"):
        template(tmp_path, per_entry="@bare@ @path@").render(made, ())


@pytest.mark.parametrize("more", ["deny all\n", "  drop 0.0.0.0 until never\n", "\n"])
def test_an_added_line_is_noticed(tmp_path: Path, more: str) -> None:
    target = template(tmp_path)
    (artifact,) = target.render(plan_of("203.0.113.7"), ())
    for content in (artifact.content + more.encode(), artifact.content.replace(b"end\n", more.encode() + b"end\n")):
        with pytest.raises(GuardError):
            target.parse(content)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"file": "no entries\n"}, "must have one line that is @entries@"),
        ({"file": "@entries@\n@entries@\n"}, "must have one line that is @entries@"),
        ({"file": "x @entries@\n"}, "must have one line that is @entries@"),
        ({"file": "@nett@\n@entries@\n"}, "@nett@ means nothing; known are @revision@"),
        ({"per_entry": "deny @ip@ @net@"}, "@ip@ means nothing; known are @net@"),
        ({"per_entry": "deny all"}, "one line with @net@ or @bare@"),
        ({"per_entry": "@net@\ndeny all"}, "one line with @net@ or @bare@"),
        ({"per_entry": "@net@@comment@"}, "put something between two words"),
        ({"per_entry": "@net@ @net@"}, "names a word twice"),
        ({"suffix": "../x"}, "suffix` must be"),
        ({"shell": "rm"}, "`block.templates.own.shell` is not known"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, change: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says) as failed:
        template(tmp_path, **change)
    assert str(failed.value).isprintable()


def test_files_that_are_none(tmp_path: Path) -> None:
    options = {"suffix": "conf", "per_entry": "@net@"}
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        template_of("own", {"file": str(tmp_path / "none"), **options})
    (tmp_path / "binary").write_bytes(b"\xff\n@entries@\n")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        template_of("own", {"file": str(tmp_path / "binary"), **options})
    with pytest.raises(UsageError, match=r"`block.templates.own.file` is missing"):
        template_of("own", options)
