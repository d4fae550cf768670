"""The arithmetic coder: format-spec section 16.4."""

MASK = 0xFFFFFFFF


class RefusedError(ValueError):
    """A file that breaks the rules; the text is the reason."""


def need(condition: bool, reason: str) -> None:
    """Refuse the file unless the condition holds."""
    if not condition:
        raise RefusedError(reason)


def limit(a: int, m: int) -> int:
    return m if a > m else -m if a < -m else a


def clip(a: int) -> int:
    return 0 if a < 0 else 255 if a > 255 else a


class Decoder:
    """Reads decisions from a stream."""

    def __init__(self, stream: bytes) -> None:
        self.low: int = 0
        self.high: int = MASK
        self.value: int = int.from_bytes(stream[:4].ljust(4, b"\0"), "big")
        self.stream = stream
        self.used: int = 4  # bytes taken, those behind the end of the stream included

    def decide(self, odds: int, bit: int) -> int:
        """The next bit of the stream; the one passed means nothing."""
        low, high = self.low, self.high
        extent = high - low
        middle = low + (extent >> 16) * odds + (((extent & 0xFFFF) * odds) >> 16)
        bit = int(self.value <= middle)
        if bit:
            high = middle
        else:
            low = middle + 1
        while (low ^ high) < 0x1000000:
            low, high = low << 8 & MASK, high << 8 & MASK | 255
            byte = self.stream[self.used] if self.used < len(self.stream) else 0
            self.value = self.value << 8 & MASK | byte
            self.used += 1
        self.low, self.high = low, high
        return bit


class Encoder:
    """Writes decisions to a stream."""

    def __init__(self) -> None:
        self.low: int = 0
        self.high: int = MASK
        self.stream: bytearray = bytearray()

    def decide(self, odds: int, bit: int) -> int:
        """Write the bit, and return it."""
        low, high = self.low, self.high
        extent = high - low
        middle = low + (extent >> 16) * odds + (((extent & 0xFFFF) * odds) >> 16)
        if bit:
            high = middle
        else:
            low = middle + 1
        while (low ^ high) < 0x1000000:
            self.stream.append(low >> 24)
            low, high = low << 8 & MASK, high << 8 & MASK | 255
        self.low, self.high = low, high
        return bit

    def finish(self) -> bytes:
        """End the stream; zero bytes at its end may be left out."""
        if self.low > 0:
            self.stream.append((self.low >> 24) + 1)
        return bytes(self.stream)
