"""The identity family: who acts without having become the one that the log names."""
