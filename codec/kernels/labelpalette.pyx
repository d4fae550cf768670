"""What the label coder knows of a codebook: distances, and the tree of its decisions."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport abs
from libc.string cimport memset

from codec.kernels.labelpalette cimport CHANNELS, MAX_DEPTH, Palette


cdef inline uint8_t _step(int distance) noexcept nogil:
    return (
        (distance >= 1) + (distance >= 6) + (distance >= 12) + (distance >= 20)
        + (distance >= 32) + (distance >= 52) + (distance >= 90)
    )


cdef inline uint8_t _side(int distance) noexcept nogil:
    cdef int size = abs(distance)
    size = (
        (size >= 1) + (size >= 3) + (size >= 6) + (size >= 11) + (size >= 19) + (size >= 32)
        + (size >= 56)
    )
    return (-size if distance < 0 else size) & 15


cdef int _split(Palette *palette, uint8_t *words, int size, int channels) noexcept nogil:
    """Make the node of some code-words, halving them across their widest channel."""
    cdef int node, channel, i, j, low, high, extent, axis = 0, widest = -1, half = size // 2
    cdef int weight
    cdef uint8_t word
    if size == 1:
        return -1 - words[0]
    for channel in range(channels):
        low, high = 255, 0
        for i in range(size):
            low = min(low, palette.words[words[i]][channel])
            high = max(high, palette.words[words[i]][channel])
        weight = 4 if channels < 3 or channel == 1 or channel == 3 else 3 if channel == 0 else 2
        extent = (high - low) * weight
        if extent > widest:
            axis, widest = channel, extent
    for i in range(1, size):
        word, j = words[i], i
        while j > 0 and palette.words[words[j - 1]][axis] > palette.words[word][axis]:
            words[j] = words[j - 1]
            j -= 1
        words[j] = word
    node = palette.n_nodes
    palette.n_nodes += 1
    palette.axis[node] = axis
    palette.threshold[node] = (
        palette.words[words[half - 1]][axis] + palette.words[words[half]][axis] + 1
    ) >> 1
    palette.children[node][0] = _split(palette, words, half, channels)
    palette.children[node][1] = _split(palette, words + half, size - half, channels)
    return node


cdef void _walk(Palette *palette, int node, int depth, uint8_t *bits) noexcept nogil:
    cdef int i, label
    if node < 0:
        label = -1 - node
        palette.depth[label] = depth
        for i in range(depth):
            palette.path[label][i] = bits[i]
        return
    for i in range(2):
        bits[depth] = i
        _walk(palette, palette.children[node][i], depth + 1, bits)


cdef void fill_palette(Palette *palette, const uint8_t[:, ::1] codebook) noexcept nogil:
    cdef int i, j, k, distance, size = codebook.shape[0]
    cdef uint8_t[256] words
    cdef uint8_t[MAX_DEPTH + 1] bits
    memset(palette, 0, sizeof(Palette))
    for i in range(size):
        words[i] = i
        for k in range(codebook.shape[1]):
            palette.words[i][k] = codebook[i, k]
    for i in range(1024):
        palette.steps[i] = _step(i)
    for i in range(512):
        palette.sides[i] = _side(i - 256)
    for i in range(size):
        for j in range(size):
            distance = 0
            for k in range(CHANNELS):
                distance += abs(palette.words[i][k] - palette.words[j][k])
            palette.near[i][j] = palette.steps[distance if distance < 1023 else 1023]
    palette.root = _split(palette, words, size, codebook.shape[1])
    _walk(palette, palette.root, 0, bits)
