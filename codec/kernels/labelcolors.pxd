from libc.stdint cimport int16_t, uint8_t


cdef enum:
    CHANNELS = 4         # of every color; missing ones are 0
    MAX_DEPTH = 8


cdef struct Colors:
    int[256][CHANNELS] words
    uint8_t[256][256] near          # quantized distances
    uint8_t[1024] steps             # distance, quantized
    uint8_t[512] sides              # signed distance + 256, quantized
    # The tree of decisions.
    uint8_t[256] axis
    int16_t[256] threshold
    int16_t[256][2] children        # node, or -1 - label
    uint8_t[256] depth              # of a label
    uint8_t[256][MAX_DEPTH] path    # and its bits
    int n_nodes
    int root


cdef void fill_colors(Colors *colors, const uint8_t[:, ::1] codebook) noexcept nogil
