"""Pixels as colors: counted, placed in a space, looked up, compared."""
