"""Codings of fax machines in TIFFs, whose decoder takes rows that are not there for white ones."""

import numpy as np

# Of Compression: modified Huffman, T.4 and T.6.
FAX = (2, 3, 4)
# Ends of line, and runs of one white and one black pixel: in rows coded by themselves, and in
# those coded by the row above.
_LINE = "000000000001" + "1" + "00110101" + "010" + "000111010" * 20
_TAILS = {
    2: "00110101" + "010000111" * 50,
    3: "010000111" * 20 + _LINE * 8,
    4: "001000111010" * 60,
}
# More zeros than fill a word are not of a code.
_MOST_ZEROS = 4


def with_black_tails(segments: list[bytes], coding: int, fill_order: int) -> list[bytes]:
    """Let strips or tiles go on with black pixels, which nobody sees unless something is missing.

    Parameters
    ----------
    segments : list of bytes
        Strips or tiles.
    coding : {2, 3, 4}
        The value of Compression.
    fill_order : {1, 2}
        Whether the first pixels are in high or low bits.

    Returns
    -------
    segments : list of bytes
        Those that are whole are decoded to the same.
    """
    bits = np.array(list(_TAILS[coding]), dtype=np.uint8)
    tail = np.packbits(bits, bitorder="little" if fill_order == 2 else "big").tobytes()
    longer = []
    for segment in segments:
        kept = segment.rstrip(b"\0")
        longer.append((kept if len(segment) - len(kept) > _MOST_ZEROS else segment) + tail)
    return longer
