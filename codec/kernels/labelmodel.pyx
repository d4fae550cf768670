"""The model of the label coder: its tables, and what it knows before the first label."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from codec.kernels.labelmodel cimport (
    COUNT_LIMIT, FAST_LAST, FLAT_SET, FRESH, LOGIT_LIMIT, Model, N_CONTEXTS, N_FINAL,
    N_REFINED, N_SETS, N_SPATIAL, REFINED_STEPS, limited,
)

cdef enum:
    DECAY = 1069555701       # exp(-1/256) in 2**-30
    FIRST_WEIGHT = 2457      # 0.15 in 2**-14
    FEW_WEIGHT = 4915        # 0.3, where few contexts are mixed
    FIRST_FINAL = 21845      # one third in 2**-16
    LEAST_BITS = 12
    COLOR_BITS = 16
    ROOMY_BITS = 18
    MOST_BITS = 20

cdef void _fill_tables(Model *model) noexcept nogil:
    cdef uint64_t power = 1 << 30
    cdef uint64_t odds
    cdef int i, logit
    for i in range(LOGIT_LIMIT + 1):
        odds = (<uint64_t> 1 << 46) // ((<uint64_t> 1 << 30) + power)
        odds = 65535 if odds > 65535 else odds
        model.squash[LOGIT_LIMIT + i] = <uint16_t> odds
        model.squash[LOGIT_LIMIT - i] = <uint16_t> (65536 - odds)
        power = (power * DECAY) >> 30
    logit = -2047
    for i in range(4096):
        while logit < 2047 and model.squash[LOGIT_LIMIT + logit] < 16 * i + 8:
            logit += 1
        model.stretch[i] = <int16_t> logit
    for i in range(COUNT_LIMIT + 1):
        model.rates[i] = 327680 // (10 * i + 16)
    for i in range(256):
        model.learning[i] = 3 + 960 // (i + 16)


cdef bint _allocate(Model *model, int first_weight) noexcept nogil:
    cdef int k
    cdef Py_ssize_t i
    model.final_weights = <int32_t *> malloc(3 * N_FINAL * sizeof(int32_t))
    if model.final_weights == NULL:
        return False
    for i in range(3 * N_FINAL):
        model.final_weights[i] = FIRST_FINAL
    for k in range(3):
        model.counts[k] = <uint8_t *> calloc(N_SETS, 1)
        model.weights[k] = <int16_t *> malloc(N_SETS * N_CONTEXTS * sizeof(int16_t))
        if model.counts[k] == NULL or model.weights[k] == NULL:
            return False
        for i in range(N_SETS * N_CONTEXTS):
            model.weights[k][i] = <int16_t> first_weight
    for i in range(N_CONTEXTS):
        model.weights[0][FLAT_SET * N_CONTEXTS + i] = FEW_WEIGHT
    for k in range(2):
        model.refinements[k] = <uint16_t *> malloc(N_REFINED * REFINED_STEPS * sizeof(uint16_t))
        if model.refinements[k] == NULL:
            return False
        for i in range(N_REFINED * REFINED_STEPS):
            model.refinements[k][i] = model.squash[
                LOGIT_LIMIT
                + limited(<int> (i % REFINED_STEPS) * 192 - LOGIT_LIMIT - 1, LOGIT_LIMIT)
            ]
    return True


cdef int _slot_bits(Py_ssize_t pixels) noexcept nogil:
    """Give small pictures four slots a pixel and large ones a bounded table."""
    cdef int bits = LEAST_BITS
    while bits < ROOMY_BITS and (<Py_ssize_t> 1 << (bits - 2)) < pixels:
        bits += 1
    while bits < MOST_BITS and (<Py_ssize_t> 2 << bits) < pixels:
        bits += 1
    return bits


cdef Py_ssize_t slots_needed(Py_ssize_t pixels, bint fast) noexcept nogil:
    """Return how many slots a model for a band of so many pixels has."""
    cdef int bits = _slot_bits(pixels)
    if fast:
        return <Py_ssize_t> FAST_LAST << bits
    return (
        (<Py_ssize_t> N_SPATIAL << bits)
        + (<Py_ssize_t> (N_CONTEXTS - N_SPATIAL) << (bits if bits < COLOR_BITS else COLOR_BITS))
    )


cdef Model *new_model(Py_ssize_t pixels, uint32_t *slots, bint fast) noexcept nogil:
    """Make a model for a band of so many pixels; NULL if there is no memory."""
    cdef Model *model = <Model *> calloc(1, sizeof(Model))
    cdef Py_ssize_t i
    if model == NULL:
        return NULL
    model.bits = _slot_bits(pixels)
    model.color_bits = model.bits if model.bits < COLOR_BITS else COLOR_BITS
    model.slots = slots
    model.color_slots = slots if fast else slots + (<Py_ssize_t> N_SPATIAL << model.bits)
    for i in range(slots_needed(pixels, fast)):
        slots[i] = FRESH
    _fill_tables(model)
    if not _allocate(model, FEW_WEIGHT if fast else FIRST_WEIGHT):
        free_model(model)
        return NULL
    return model


cdef void free_model(Model *model) noexcept nogil:
    cdef int k
    if model == NULL:
        return
    free(model.final_weights)
    for k in range(3):
        free(model.counts[k])
        free(model.weights[k])
    for k in range(2):
        free(model.refinements[k])
    free(model)
