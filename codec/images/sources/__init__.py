"""Pictures larger than memory: files of which rows or blocks are read when they are sliced."""
