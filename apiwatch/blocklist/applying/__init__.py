"""From a list to packets that stop: appliers, the engine that drives them safely, and what it remembers."""
