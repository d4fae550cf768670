"""What the label coder knows of a codebook: distances, and the tree of its decisions."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport abs
from libc.string cimport memset

from codec.kernels.labelcolors cimport CHANNELS, MAX_DEPTH, Colors


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


cdef int _split(Colors *colors, uint8_t *words, int size, int channels) noexcept nogil:
    """Make the node of some code-words, halving them across their widest channel."""
    cdef int node, channel, i, j, low, high, extent, axis = 0, widest = -1, half = size // 2
    cdef int weight
    cdef uint8_t word
    if size == 1:
        return -1 - words[0]
    for channel in range(channels):
        low, high = 255, 0
        for i in range(size):
            low = min(low, colors.words[words[i]][channel])
            high = max(high, colors.words[words[i]][channel])
        weight = 4 if channels < 3 or channel == 1 or channel == 3 else 3 if channel == 0 else 2
        extent = (high - low) * weight
        if extent > widest:
            axis, widest = channel, extent
    for i in range(1, size):
        word, j = words[i], i
        while j > 0 and colors.words[words[j - 1]][axis] > colors.words[word][axis]:
            words[j] = words[j - 1]
            j -= 1
        words[j] = word
    node = colors.n_nodes
    colors.n_nodes += 1
    colors.axis[node] = axis
    colors.threshold[node] = (
        colors.words[words[half - 1]][axis] + colors.words[words[half]][axis] + 1
    ) >> 1
    colors.children[node][0] = _split(colors, words, half, channels)
    colors.children[node][1] = _split(colors, words + half, size - half, channels)
    return node


cdef void _walk(Colors *colors, int node, int depth, uint8_t *bits) noexcept nogil:
    cdef int i, label
    if node < 0:
        label = -1 - node
        colors.depth[label] = depth
        for i in range(depth):
            colors.path[label][i] = bits[i]
        return
    for i in range(2):
        bits[depth] = i
        _walk(colors, colors.children[node][i], depth + 1, bits)


cdef void fill_colors(Colors *colors, const uint8_t[:, ::1] codebook) noexcept nogil:
    cdef int i, j, k, distance, size = codebook.shape[0]
    cdef uint8_t[256] words
    cdef uint8_t[MAX_DEPTH + 1] bits
    memset(colors, 0, sizeof(Colors))
    for i in range(size):
        words[i] = i
        for k in range(codebook.shape[1]):
            colors.words[i][k] = codebook[i, k]
    for i in range(1024):
        colors.steps[i] = _step(i)
    for i in range(512):
        colors.sides[i] = _side(i - 256)
    for i in range(size):
        for j in range(size):
            distance = 0
            for k in range(CHANNELS):
                distance += abs(colors.words[i][k] - colors.words[j][k])
            colors.near[i][j] = colors.steps[distance if distance < 1023 else 1023]
    colors.root = _split(colors, words, size, codebook.shape[1])
    _walk(colors, colors.root, 0, bits)
