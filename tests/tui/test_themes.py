"""Every style of every theme can be read: WCAG 2.1, success criterion 1.4.3, asks for a contrast of 4.5 to 1."""

import pytest
from rich.color import ColorSystem
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color

from apiwatch.tui.line import STYLES
from apiwatch.tui.themes import THEMES, piece_style, theme_name

ENOUGH = 4.5
XTERM = [(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
         (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
         (255, 255, 255)]  # fmt: skip
VGA = [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
       (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
       (255, 255, 255)]  # fmt: skip


def luminance(colour: tuple[int, ...]) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77, 0x77, 0x77), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def looks(theme: str, background: str) -> dict[str, Style]:
    variables = THEMES[theme].to_color_system().generate()
    colours = [Color.parse(variables[name]).rich_color for name in ("foreground", background)]
    base = Style(color=colours[0], bgcolor=colours[1])
    return {name: piece_style(name, base, variables) for name in ("", *STYLES)}


@pytest.mark.parametrize("depth", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("background", ["background", "surface", "panel"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_of_our_own_themes_can_be_read(theme: str, background: str, depth: ColorSystem) -> None:
    for name, style in looks(theme, background).items():
        assert style.color is not None
        assert style.bgcolor is not None
        text, behind = style.color.downgrade(depth).get_truecolor(), style.bgcolor.downgrade(depth).get_truecolor()
        assert contrast(text, behind) >= ENOUGH, name


@pytest.mark.parametrize("palette", [XTERM, VGA])
@pytest.mark.parametrize("theme", ["ansi", "ansi-light"])
def test_text_in_the_sixteen_colours_of_common_terminals_can_be_read(
    theme: str, palette: list[tuple[int, int, int]]
) -> None:
    black, white = (0, 0, 0), (255, 255, 255)
    behind, text = (black, palette[7]) if theme == "ansi" else (white, black)
    terminal = TerminalTheme(behind, text, palette[:8], palette[8:])
    for name, style in looks(theme, "background").items():
        assert style.color is not None
        assert style.bgcolor is None or style.bgcolor.is_default
        assert contrast(style.color.get_truecolor(terminal), behind) >= ENOUGH, name


@pytest.mark.parametrize("theme", THEMES)
def test_severities_differ_and_the_cursor_is_reverse(theme: str) -> None:
    styles = looks(theme, "background")
    assert styles["cursor"].reverse
    assert styles["critical"].bold
    assert len({styles[name].color for name in ("high", "medium", "low", "strong")}) == 4
    assert styles["dim"] != styles["title"]
    assert styles[""] == styles["title"]


@pytest.mark.parametrize(
    ("colours", "colorfgbg", "wanted"),
    [
        ("truecolor", "", "dark"),
        ("256", "15;0", "dark"),
        ("256", "15;8", "dark"),
        ("256", "0;15", "light"),
        ("256", "0;default;7", "light"),
        ("256", "0;default", "dark"),
        ("standard", "", "ansi"),
        ("standard", "0;15", "ansi-light"),
        (None, "", "dark"),
    ],
)
def test_auto_takes_what_the_terminal_tells(colours: str | None, colorfgbg: str, wanted: str) -> None:
    assert theme_name("auto", colours, {"COLORFGBG": colorfgbg}) == THEMES[wanted].name
    assert theme_name("light", colours, {"COLORFGBG": colorfgbg}) == THEMES["light"].name
