"""What the prompt is used for: commands and filters."""

from apiwatch.store.filters import ghost, typed
from apiwatch.tui.commands import CommandContext, CommandError, Known, command_ghost, command_hint
from apiwatch.tui.commands.completing import known_for
from apiwatch.tui.commands.parsing import parse_command
from apiwatch.tui.history import History
from apiwatch.tui.widgets.prompt import Mode, Prompt

__all__ = ["command_mode", "filter_mode", "obey"]


def command_mode(screen: Known, history: History | None = None) -> Mode:
    """The command line of a screen."""
    return Mode(":", lambda text: command_ghost(text, screen), lambda text: command_hint(text, screen), history)


def filter_mode(screen: Known, history: History | None = None) -> Mode:
    """The filter of a screen's list."""

    def hint(text: str) -> str:
        problem = typed(text, screen.over).problem
        return str(problem) if problem is not None else ""

    return Mode("/", lambda text: ghost(text, screen.over, lambda field: known_for(field, screen)), hint, history)


def obey(prompt: Prompt, context: CommandContext) -> bool:
    """Do what stands in the command line and close it; or object, keep the text, and return False."""
    try:
        call = parse_command(prompt.value, context)
    except CommandError as error:
        prompt.object(str(error), error.start, error.end)
        return False
    if call is not None and (why := context.forbidden(call.verb.name)):
        prompt.object(f"not done: {why}")
        return False
    if call is not None and not context.can(call.verb.name, named=call.named):
        wants = f"name one: {call.verb.usage}" if call.verb.names and not call.named else call.verb.help
        prompt.object(f"`{call.verb.name}` is not possible here: {wants}")
        return False
    prompt.close()
    if call is not None:
        call.run(context)
    return True
