"""Codebook to labels: which code-word each pixel gets, and in what order they stand."""
