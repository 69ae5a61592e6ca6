"""The page `how apiwatch decides` says what the program does."""

import re

import pytest
import yaml

from apiwatch.config import default_text
from apiwatch.detect import DETECTORS
from tests.docs.examples import EXAMPLES, PAGE, blocks, told

TEXT = PAGE.read_text(encoding="utf-8")
_SETTING = re.compile(r"`([a-z]+\.[a-z-]+): ([a-z0-9_]+) = ([^`]+)`")
_NAMED = re.compile(r"`([a-z]+\.[a-z]+(?:-[a-z]+)*)`")


def test_every_detector_is_on_the_page_and_no_other() -> None:
    named = set(_NAMED.findall(TEXT))
    families = {name.partition(".")[0] for name in DETECTORS}
    assert named >= DETECTORS.keys()
    assert {name for name in named if name.partition(".")[0] in families} <= DETECTORS.keys()


def test_every_family_has_an_example() -> None:
    assert blocks(TEXT).keys() == EXAMPLES.keys() == {name.partition(".")[0] for name in DETECTORS}


@pytest.mark.parametrize("family", EXAMPLES)
def test_the_example_is_what_the_program_says(family: str) -> None:
    assert blocks(TEXT)[family] == told(family), "run `python -m tests.docs.examples` and read what changed"


def test_every_setting_on_the_page_has_its_default() -> None:
    defaults = yaml.safe_load(default_text())["detectors"]
    quoted = _SETTING.findall(TEXT)
    assert len(quoted) >= 20
    for detector, setting, value in quoted:
        assert defaults[detector][setting] == yaml.safe_load(value), f"{detector}: {setting}"


def test_the_readme_leads_to_the_page() -> None:
    assert "(docs/deciding.md)" in (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
