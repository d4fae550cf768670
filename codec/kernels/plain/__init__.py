"""The kernels in NumPy: what runs where nothing was compiled, and what tests hold them against.

Modules, functions and classes have the names, arguments and results of the compiled ones, which
document them; a comment here says only how. What callers never pass is not checked. Nothing but
NumPy is imported.
"""
