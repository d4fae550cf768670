"""Pictures larger than memory: formats written piece by piece, and read a region at a time.

`opening` makes what labels are written to, `stored` is `codec.open`.
"""
