"""Vision models: made from features of a shipped backbone, measured, and exported as one file."""
