"""Records of keys and values, JSON lines and logfmt: of products with known keys, and of anything with the usual."""
