"""Reference decoder of dense files: format-spec section 16 in plain Python, for reading.

It was written from the specification alone, without sight of the compiled coder. The tests hold
the two against each other; where no compiler was present, it codes the labels.
"""

from codec.formats.reference.band import decode_band, encode_band
from codec.formats.reference.coder import FormatError
from codec.formats.reference.file import decode

__all__ = ["FormatError", "decode", "decode_band", "encode_band"]
