"""Pixels to an indexed image, step by step: what `codec.compress` does."""
