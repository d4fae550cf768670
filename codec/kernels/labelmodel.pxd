# Behavior, in a .pxd: what kernels cimport from here, Cython inlines.
"""The model of the label coder: what is known of a decision becomes the probability of its bit.

Names and numbers are those of format-spec.md, section 16.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t

cdef extern from *:
    """
    /* As expressions, which compilers turn into loops without branches. */
    #define KMCODEC_LIMIT(value, limit) \
        ((value) > (int) (limit) ? (int) (limit) \
         : (value) < -(int) (limit) ? -(int) (limit) : (value))
    #define KMCODEC_IF(condition, value, other) ((condition) ? (value) : (other))
    /* A slot that saw nothing: odds of one half, count 0. Too large for an enum of ints. */
    #define KMCODEC_FRESH ((uint32_t) 0x80000000)
    #if defined(__GNUC__)
    #define KMCODEC_FETCH(address) __builtin_prefetch(address, 1)
    #else
    #define KMCODEC_FETCH(address) ((void) 0)
    #endif
    """
    int limited "KMCODEC_LIMIT"(int value, int limit) nogil
    uint32_t FRESH "KMCODEC_FRESH"
    uint32_t chosen_state "KMCODEC_IF"(uint32_t condition, uint32_t value, uint32_t other) nogil
    void fetch "KMCODEC_FETCH"(const void *address) nogil


cdef enum:
    N_SPATIAL = 12       # contexts of labels around, one lookup for several decisions
    N_CONTEXTS = 16      # the rest are contexts of colors, made anew for each decision
    N_FLAT = 4           # the first of them, where everything around is equal
    FAST_FIRST = 5       # those of effort fast
    FAST_LAST = 10
    N_SETS = 1281        # of mixer weights by selector, the largest of three
    FLAT_SET = 1280
    N_FINAL = 320
    N_REFINED = 1280     # rows of a refinement table
    REFINED_STEPS = 33
    LOGIT_LIMIT = 3071   # in 1/256
    COUNT_LIMIT = 30


cdef struct Model:
    int bits             # log2 of the slots of a spatial context
    int color_bits       # and of a color context
    uint32_t *slots
    uint32_t *color_slots
    uint32_t[N_CONTEXTS] hashes
    uint32_t *lines[N_CONTEXTS]
    uint32_t[N_CONTEXTS] shifts
    uint32_t[N_CONTEXTS] checks
    # One decision.
    uint32_t *chosen[N_CONTEXTS]
    uint32_t[N_CONTEXTS] states
    int16_t[N_CONTEXTS] logits
    int[4] selected
    int[2] refined
    int[3] partial
    int[3] partial_odds
    int mixed_odds
    int place
    int fraction
    # What was learned.
    int16_t *weights[3]
    uint8_t *counts[3]
    int32_t *final_weights
    uint16_t *refinements[2]
    # Tables.
    uint16_t[2 * LOGIT_LIMIT + 1] squash
    int16_t[4096] stretch
    int32_t[COUNT_LIMIT + 1] rates
    int32_t[256] learning


cdef Py_ssize_t slots_needed(Py_ssize_t pixels, bint fast) noexcept nogil

cdef Model *new_model(Py_ssize_t pixels, uint32_t *slots, bint fast) noexcept nogil

cdef void free_model(Model *model) noexcept nogil


cdef inline uint32_t combine(uint32_t hash, uint32_t word) noexcept nogil:
    hash = (hash ^ word) * <uint32_t> 0x9E3779B1
    return hash ^ (hash >> 15)


cdef inline void find_line(
    Model *model, int context, uint32_t group, uint32_t *table, int bits
) noexcept nogil:
    """Find the sixteen slots in which a context keeps a group of decisions."""
    cdef uint32_t hash = (
        (model.hashes[context] + group * <uint32_t> 0x2545F491) * <uint32_t> 0x9E3779B1
    )
    model.lines[context] = table + ((hash >> (36 - bits)) << 4)
    fetch(model.lines[context])  # there is work to do until it is needed
    model.shifts[context] = hash >> 8
    model.checks[context] = FRESH | (hash & 255)


cdef inline void find_lines(
    Model *model, uint32_t group, const int first, const int last
) noexcept nogil:
    cdef int context
    for context in range(first, last):
        find_line(
            model, context, group,
            model.slots + (<Py_ssize_t> context << model.bits), model.bits,
        )


cdef inline void look_up(Model *model, int context, uint32_t place) noexcept nogil:
    cdef uint32_t *slot = model.lines[context] + ((model.shifts[context] + place) & 15)
    cdef uint32_t state = slot[0]
    cdef uint32_t fresh = model.checks[context]
    state = chosen_state((state ^ fresh) & 255, fresh, state)
    model.chosen[context] = slot
    model.states[context] = state
    model.logits[context] = model.stretch[state >> 20]


cdef inline uint32_t predict(
    Model *model, uint32_t place, const int first, const int last, const bint full
) noexcept nogil:
    """Return the odds, in 1/65536, that the bit is 1.

    The contexts are `first` to `last`; if `full`, those of colors too, and all that follows the
    first mixer.
    """
    cdef int k, j, logit, total, odds, low, high
    cdef int16_t *weights
    cdef int32_t *final_weights
    cdef uint16_t *steps
    for j in range(first, last):
        look_up(model, j, place)
    if full:
        for j in range(N_SPATIAL, N_CONTEXTS):
            look_up(model, j, 0)
    for k in range(3 if full else 1):
        weights = model.weights[k] + model.selected[k] * N_CONTEXTS
        total = 0
        if full:
            for j in range(N_CONTEXTS):
                total += <int> weights[j] * model.logits[j]
        else:
            for j in range(first, last):
                total += <int> weights[j] * model.logits[j]
        logit = limited(total >> 14, LOGIT_LIMIT)
        model.partial[k] = logit
        model.partial_odds[k] = model.squash[LOGIT_LIMIT + logit]
    if not full:
        return model.partial_odds[0]
    final_weights = model.final_weights + 3 * model.selected[3]
    logit = limited(<int> ((
        <int64_t> final_weights[0] * model.partial[0]
        + <int64_t> final_weights[1] * model.partial[1]
        + <int64_t> final_weights[2] * model.partial[2]
    ) >> 16), LOGIT_LIMIT)
    odds = model.squash[LOGIT_LIMIT + logit]
    model.mixed_odds = odds
    model.place = (logit + LOGIT_LIMIT + 1) // 192
    model.fraction = (logit + LOGIT_LIMIT + 1) % 192 // 3
    total = 2 * odds
    for k in range(2):
        steps = model.refinements[k] + model.refined[k] * REFINED_STEPS + model.place
        low, high = steps[0], steps[1]
        total += (low * (64 - model.fraction) + high * model.fraction) >> 6
    total >>= 2
    return total if total > 0 else 1


cdef inline void learn(
    Model *model, int bit, const int first, const int last, const bint full
) noexcept nogil:
    """Move everything that took part in a prediction towards the bit that came."""
    cdef int k, j, error, step, value, count, target = 65535 if bit else 0
    cdef int16_t *weights
    cdef int32_t *final_weights
    cdef uint16_t *refined
    cdef uint8_t *counter
    cdef int16_t[N_CONTEXTS] logits  # which compilers see is nobody else's
    for j in range(N_CONTEXTS):
        logits[j] = model.logits[j]
    if full:
        for k in range(2):
            refined = (
                model.refinements[k] + model.refined[k] * REFINED_STEPS + model.place
                + (1 if model.fraction >= 32 else 0)
            )
            refined[0] = <uint16_t> (refined[0] + ((target - refined[0]) >> 6))
        final_weights = model.final_weights + 3 * model.selected[3]
        error = ((bit << 16) - model.mixed_odds) >> 2
        for k in range(3):
            value = final_weights[k] + ((model.partial[k] * error + 2048) >> 12)
            final_weights[k] = limited(value, 524287)
    for k in range(3 if full else 1):
        weights = model.weights[k] + model.selected[k] * N_CONTEXTS
        counter = model.counts[k] + model.selected[k]
        step = (((bit << 16) - model.partial_odds[k]) * model.learning[counter[0]]) >> 6
        counter[0] += 1 if counter[0] < 255 else 0
        if full:
            for j in range(N_CONTEXTS):
                value = weights[j] + ((logits[j] * step + 8192) >> 14)
                weights[j] = <int16_t> limited(value, 32767)
        else:
            for j in range(first, last):
                value = weights[j] + ((logits[j] * step + 8192) >> 14)
                weights[j] = <int16_t> limited(value, 32767)
    for j in range(first, last):
        adapt(model, j, target)
    if full:
        for j in range(N_SPATIAL, N_CONTEXTS):
            adapt(model, j, target)


cdef inline void adapt(Model *model, int context, int target) noexcept nogil:
    cdef uint32_t state = model.states[context]
    cdef int count = (state >> 8) & 255
    cdef int odds = state >> 16
    odds += ((target - odds) * model.rates[count]) >> 15
    count += count < COUNT_LIMIT
    model.chosen[context][0] = (<uint32_t> odds << 16) | (<uint32_t> count << 8) | (state & 255)
