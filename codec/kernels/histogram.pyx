"""Counting colors.

Colors of three channels are counted in two steps: entries go to 4096 buckets by the upper half
of their bits, then each bucket is counted in a table of the lower half, which stays in the cache.
Buckets and tables are in ascending order, so nothing is sorted. An entry of 16 bits is the lower
half and, above it, 0 for one pixel or a number of blocks of 16 pixels of one color.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from codec.kernels.rows cimport EIGHT, check_rows, eight

cdef enum:
    BUCKETS = 4096
    BLOCK = 16
    MOST_BLOCKS = 15
    NO_KEY = 0x1000000


cdef uint8_t[64] POSITIONS
for _place in range(64):
    POSITIONS[((0x03F79D71B4CB0A89 << _place) & 0xFFFFFFFFFFFFFFFF) >> 58] = _place


cdef inline bint alike(const uint8_t* pixels, int channels) noexcept nogil:
    """Whether a block of pixels has one color."""
    cdef int i = EIGHT, last = BLOCK * channels - channels - EIGHT
    if eight(pixels) != eight(pixels + channels):
        return False
    while i < last:
        if eight(pixels + i) != eight(pixels + i + channels):
            return False
        i += EIGHT
    return eight(pixels + last) == eight(pixels + last + channels)


cdef inline uint32_t lowest(uint64_t bits) noexcept nogil:
    """Position of the lowest bit set, by multiplication with a de Bruijn sequence."""
    return POSITIONS[((bits & (~bits + 1)) * <uint64_t>0x03F79D71B4CB0A89) >> 58]


cdef void check(const uint8_t[:, :] rows, int channels, int least, int most) except *:
    if not least <= channels <= most or rows.shape[1] % channels:
        raise ValueError("rows do not fit the channels")
    check_rows(rows)


cdef void check_heads(
    const uint8_t[:, :] rows, int channels, const uint32_t[::1] heads
) except *:
    check(rows, channels, 3, 4)
    if heads.shape[0] != BUCKETS:
        raise ValueError("there must be a head for each bucket")
    if <int64_t>rows.shape[0] * (rows.shape[1] // channels) >= <int64_t>1 << 31:
        raise ValueError("too many pixels at once")


def count_small(const uint8_t[:, :] rows, int channels, uint64_t[::1] table):
    """Count pixels of one or two channels.

    Parameters
    ----------
    rows : ndarray of shape (H, W * channels), dtype uint8
        Any stride between rows.
    channels : {1, 2}
    table : ndarray of shape (256 ** channels,), dtype uint64
        Counts by color, first channel most significant; added to.
    """
    check(rows, channels, 1, 2)
    if table.shape[0] != 1 << 8 * channels:
        raise ValueError("the table does not fit the channels")
    cdef Py_ssize_t y, x, width = rows.shape[1] // channels
    cdef const uint8_t* row
    cdef uint64_t* counts
    if rows.shape[0] == 0 or width == 0:
        return
    counts = &table[0]
    with nogil:
        for y in range(rows.shape[0]):
            row = &rows[y, 0]
            x = 0
            while x < width:
                if x + BLOCK <= width and alike(row, channels):
                    counts[row[0] if channels == 1 else row[0] << 8 | row[1]] += BLOCK
                    x += BLOCK
                    row += BLOCK * channels
                elif channels == 1:
                    counts[row[0]] += 1
                    x += 1
                    row += 1
                else:
                    counts[row[0] << 8 | row[1]] += 1
                    x += 1
                    row += 2


cdef inline uint32_t pack(const uint8_t* pixel) noexcept nogil:
    return <uint32_t>pixel[0] << 16 | <uint32_t>pixel[1] << 8 | pixel[2]


cdef struct Target:
    # Where entries go. Counting is putting them where there is no room: heads then end up as the
    # numbers of entries, as they began at zero. To put them, heads begin at the places that these
    # numbers add up to. A picture that somebody changes in between has other entries, so room is
    # checked for each of them.
    uint32_t* heads
    uint16_t* entries
    uint32_t room
    # Translucent pixels: runs of one key, key above count.
    uint64_t* runs
    Py_ssize_t runs_room
    Py_ssize_t size
    uint64_t run


cdef inline void end_run(Target* target) noexcept nogil:
    if target.run != 0:
        if target.size < target.runs_room:
            target.runs[target.size] = target.run
        target.size += 1
        target.run = 0


cdef inline void put_run(Target* target, const uint8_t* pixel, uint64_t count) noexcept nogil:
    cdef uint64_t key = <uint64_t>(pack(pixel) << 8 | pixel[3]) << 32
    if target.run != 0 and target.run >> 32 == key >> 32:
        target.run += count
        return
    end_run(target)
    target.run = key | count


cdef inline void put(
    uint32_t key, uint32_t blocks, uint32_t* heads, uint16_t* entries, uint32_t room
) noexcept nogil:
    cdef uint32_t place = heads[key >> 12]
    heads[key >> 12] = place + 1
    if place < room:
        entries[place] = <uint16_t>(key & 4095 | blocks << 12)


cdef inline void walk(
    const uint8_t* first, Py_ssize_t stride, Py_ssize_t height, Py_ssize_t width,
    int channels, uint32_t* heads, uint16_t* entries, uint32_t room, Target* target,
) noexcept nogil:
    """Make the same entries, whether they are only counted or put into buckets."""
    cdef Py_ssize_t y, x, end
    cdef const uint8_t* pixel
    cdef uint32_t run_key = NO_KEY, blocks = 0, key
    for y in range(height):
        pixel = first + y * stride
        x = 0
        while x < width:
            end = min(x + BLOCK, width)
            if x + BLOCK == end and alike(pixel, channels):
                if channels == 4 and pixel[3] != 255:
                    put_run(target, pixel, BLOCK)
                else:
                    key = pack(pixel)
                    if key != run_key or blocks == MOST_BLOCKS:
                        if blocks:
                            put(run_key, blocks, heads, entries, room)
                        run_key = key
                        blocks = 0
                    blocks += 1
                pixel += BLOCK * channels
                x = end
                continue
            while x < end:
                if channels == 4 and pixel[3] != 255:
                    put_run(target, pixel, 1)
                else:
                    put(pack(pixel), 0, heads, entries, room)
                pixel += channels
                x += 1
    if blocks:
        put(run_key, blocks, heads, entries, room)
    if channels == 4:
        end_run(target)


cdef void walk_rows(const uint8_t[:, :] rows, int channels, Target* target) noexcept:
    cdef Py_ssize_t stride = rows.strides[0], height = rows.shape[0]
    cdef Py_ssize_t width = rows.shape[1] // channels
    cdef const uint8_t* first
    cdef uint32_t* heads = target.heads
    if height == 0 or width == 0:
        return
    first = &rows[0, 0]
    with nogil:
        if channels == 4:
            walk(first, stride, height, width, 4, heads, target.entries, target.room, target)
        elif target.room:
            walk(first, stride, height, width, 3, heads, target.entries, target.room, target)
        else:
            walk(first, stride, height, width, 3, heads, NULL, 0, target)


def count_entries(const uint8_t[:, :] rows, int channels, uint32_t[::1] heads):
    """Count the entries of each bucket.

    Parameters
    ----------
    rows : ndarray of shape (H, W * channels), dtype uint8
        Any stride between rows.
    channels : {3, 4}
    heads : ndarray of shape (4096,), dtype uint32
        Zeros, overwritten with the size of each bucket.

    Returns
    -------
    runs : int
        Runs of translucent pixels.
    """
    check_heads(rows, channels, heads)
    cdef Target target = Target(&heads[0], NULL, 0, NULL, 0, 0, 0)
    walk_rows(rows, channels, &target)
    return target.size


def put_entries(
    const uint8_t[:, :] rows, int channels, uint32_t[::1] heads, uint16_t[::1] entries,
    uint64_t[::1] runs,
):
    """Put the entries of rows into their buckets.

    Parameters
    ----------
    rows, channels
        As for `count_entries`.
    heads : ndarray of shape (4096,), dtype uint32
        Where the entries of each bucket begin; overwritten with where they end.
    entries : ndarray of shape (N,), dtype uint16
        Written to; what is beyond its end is left out.
    runs : ndarray of shape (R,), dtype uint64
        Written to: key times 2**32 plus length of each run of translucent pixels.
    """
    check_heads(rows, channels, heads)
    cdef Target target = Target(&heads[0], NULL, 0, NULL, 0, 0, 0)
    if entries.shape[0]:
        target.entries = &entries[0]
        target.room = <uint32_t>min(entries.shape[0], 0xFFFFFFFF)
    if runs.shape[0]:
        target.runs = &runs[0]
        target.runs_room = runs.shape[0]
    walk_rows(rows, channels, &target)


def merge_runs(uint64_t[::1] runs):
    """Merge runs of one key.

    Parameters
    ----------
    runs : ndarray of shape (R,), dtype uint64
        Key times 2**32 plus length, ascending; overwritten. Lengths add up to less than 2**32.

    Returns
    -------
    size : int
        How many runs are left; they come first.
    """
    cdef Py_ssize_t i, last = 0
    if runs.shape[0] == 0:
        return 0
    with nogil:
        for i in range(1, runs.shape[0]):
            if runs[i] >> 32 == runs[last] >> 32:
                runs[last] += runs[i] & <uint64_t>0xFFFFFFFF
            else:
                last += 1
                runs[last] = runs[i]
    return last + 1


def count_buckets(
    uint16_t[::1] entries, const uint32_t[::1] starts, Py_ssize_t first, Py_ssize_t last,
    uint32_t[::1] counts, uint32_t[::1] unique,
):
    """Count the colors of some buckets.

    Parameters
    ----------
    entries : ndarray of shape (N,), dtype uint16
        Overwritten: each bucket begins with the lower halves of its colors, ascending.
    starts : ndarray of shape (4097,), dtype uint32
        Where buckets begin and the last one ends.
    first, last : int
        Which buckets.
    counts : ndarray of shape (at least ``starts[last] - starts[first]``,), dtype uint32
        Overwritten: counts of all these colors, bucket by bucket.
    unique : ndarray of shape (4096,), dtype uint32
        Overwritten: number of colors of each of these buckets.
    """
    cdef Py_ssize_t bucket, i, used = 0
    cdef uint32_t table[4096]
    cdef uint64_t seen[64]
    cdef uint64_t bits, words
    cdef uint32_t entry, low, word, blocks, total
    if starts.shape[0] != BUCKETS + 1 or unique.shape[0] != BUCKETS:
        raise ValueError("there must be a start for each bucket")
    if not 0 <= first <= last <= BUCKETS:
        raise ValueError("no such buckets")
    for bucket in range(first, last):
        if starts[bucket] > starts[bucket + 1]:
            raise ValueError("buckets overlap")
    if starts[last] > entries.shape[0] or starts[last] - starts[first] > counts.shape[0]:
        raise ValueError("buckets end outside the arrays")
    with nogil:
        for i in range(4096):
            table[i] = 0
        for i in range(64):
            seen[i] = 0
        for bucket in range(first, last):
            total = 0
            words = 0
            for i in range(starts[bucket], starts[bucket + 1]):
                entry = entries[i]
                low = entry & 4095
                blocks = entry >> 12
                table[low] += (blocks << 4) + (blocks == 0)
                seen[low >> 6] |= <uint64_t>1 << (low & 63)
                words |= <uint64_t>1 << (low >> 6)
            while words:
                word = lowest(words)
                words &= words - 1
                bits = seen[word]
                seen[word] = 0
                while bits:
                    low = <uint32_t>(word << 6) | lowest(bits)
                    bits &= bits - 1
                    # Written no further than read: there is an entry for each color.
                    entries[starts[bucket] + total] = <uint16_t>low
                    counts[used] = table[low]
                    table[low] = 0
                    total += 1
                    used += 1
            unique[bucket] = total


def write_colors(
    const uint16_t[::1] entries, const uint32_t[::1] starts, Py_ssize_t first, Py_ssize_t last,
    const uint32_t[::1] counts, const uint32_t[::1] unique,
    uint8_t[:, ::1] colors, int64_t[::1] color_counts,
):
    """Write out the colors of some buckets.

    Parameters
    ----------
    entries, starts, first, last, counts, unique
        From `count_buckets`.
    colors : ndarray of shape (U, 3 or 4), dtype uint8
        Overwritten from the first row on; a fourth channel is 255.
    color_counts : ndarray of shape (U,), dtype int64
        Overwritten.
    """
    cdef Py_ssize_t bucket, i, used = 0, channels = colors.shape[1]
    cdef uint32_t low
    cdef uint8_t* color
    if starts.shape[0] != BUCKETS + 1 or unique.shape[0] != BUCKETS:
        raise ValueError("there must be a start for each bucket")
    if not 0 <= first <= last <= BUCKETS or not (channels == 3 or channels == 4):
        raise ValueError("no such buckets or channels")
    for bucket in range(first, last):
        if starts[bucket] + <Py_ssize_t>unique[bucket] > entries.shape[0]:
            raise ValueError("buckets end outside the arrays")
        used += unique[bucket]
    if used > colors.shape[0] or used > color_counts.shape[0] or used > counts.shape[0]:
        raise ValueError("buckets end outside the arrays")
    used = 0
    with nogil:
        for bucket in range(first, last):
            for i in range(unique[bucket]):
                low = entries[starts[bucket] + i]
                color = &colors[used, 0]
                color[0] = <uint8_t>(bucket >> 4)
                color[1] = <uint8_t>((bucket & 15) << 4 | low >> 8)
                color[2] = <uint8_t>low
                if channels == 4:
                    color[3] = 255
                color_counts[used] = counts[used]
                used += 1
