"""Detection quality on the simulator: every replay through the real engine, next to the rules of other tools."""
