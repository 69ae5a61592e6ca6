"""What applies a list to packet filters: one module per target, behind the protocol of `applying.applier`."""
