"""The surface of a hot strip under a line-scan camera."""
