"""What applies a list to packet filters and web servers, behind the protocol of `applying.applier`."""
