"""Reference decoder of dense files: format-spec section 16 in plain Python, for reading.

It follows that text and nothing else. The tests hold the compiled coder against it; where no
compiler was present, it reads the labels.
"""

from codec.formats.kmc.reference.band import decode_band, encode_band
from codec.formats.kmc.reference.coder import FormatError
from codec.formats.kmc.reference.file import decode

__all__ = ["FormatError", "decode", "decode_band", "encode_band"]
