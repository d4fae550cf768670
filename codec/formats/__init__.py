"""Indexed images as bytes: one module a format, one registry."""
