"""What became of a file: the facts, and how they are shown."""
