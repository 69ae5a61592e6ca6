"""`apiwatch config` and `apiwatch completion`."""

from pathlib import Path

import click

from apiwatch.cli.keymap import key_problems
from apiwatch.errors import ConfigError, UsageError
from apiwatch.text import plain

__all__ = ["completion", "config"]

_config_file = click.option("--config", "path", metavar="FILE", help="Settings file.")


@click.group()
def config() -> None:
    """Settings: check, show, init."""


@config.command()
@click.argument("file", required=False, metavar="[FILE]")
@_config_file
def check(file: str | None, path: str | None) -> int:
    """Say everything that is wrong with the settings file; exit with 1 if something is."""
    from apiwatch.cli.output import put, say
    from apiwatch.config import load, problems, settings_file

    named = file or path
    wanted = Path(named) if named else None
    found = problems(wanted) or [*_openapi_problems(wanted), *key_problems(load(wanted), named)]
    for problem in found:
        say(problem)
    if not found:
        used = settings_file(wanted)
        put(f"{plain(str(used))} is fine" if used is not None else "no settings file; the defaults are used")
    return 1 if found else 0


def _openapi_problems(wanted: Path | None) -> list[str]:
    """What is wrong with the OpenAPI files that the settings name."""
    from apiwatch.config import load
    from apiwatch.routes.openapi.files import read_specification

    try:
        read_specification(load(wanted).routes.openapi)
    except ConfigError as error:
        return [str(error)]
    return []


@config.command()
@_config_file
def show(path: str | None) -> None:
    """Print the effective settings as YAML."""
    from apiwatch.cli.output import put
    from apiwatch.config import dump, load

    put(dump(load(Path(path) if path is not None else None)).rstrip("\n"))


@config.command()
@click.option("-o", "--output", metavar="FILE", help="Write to this file, which must not exist yet.")
def init(output: str | None) -> None:
    """Print an annotated settings file with every default."""
    from apiwatch.cli.output import put, say
    from apiwatch.config import default_text

    text = default_text()
    if output is None:
        put(text.rstrip("\n"))
        return
    path = Path(output)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{plain(output)} exists already; remove it or name another file") from None
    except OSError as error:
        raise UsageError(f"{plain(output)} cannot be written: {error.strerror}") from None
    say(f"wrote {output}")


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For bash: `eval "$(apiwatch completion bash)"` in ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    from apiwatch.cli.output import put
    from apiwatch.cli.root import root

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"{shell} is not supported")
    put(kind(root, {}, "apiwatch", "_APIWATCH_COMPLETE").source())
