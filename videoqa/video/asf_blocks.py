"""Tells by the blocks of an ASF whether they are broken or some are missing.

Source: Advanced Systems Format (ASF) Specification 1.20, sections 3.2 (file properties) and 5.2 (data
packets, here called blocks, with payloads that are parts of numbered objects).
"""

from collections.abc import Iterator

FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
SIZE_OFFSET, COUNT_OFFSET, FIRST_BLOCK_OFFSET = 92, 40, 50
"""Where the size of a block stands, counted from the mark of the file properties; where the number of blocks
stands and the first one begins, counted from the mark of the data."""
SEARCHED_BYTES = 262_144
NUM_OBJECT_NUMBERS = 256
SIZE_OF_TIME_STEP = 1
"""Instead of facts about its object, a payload has this one byte, and several small objects follow."""
FIELD_BYTES = (0, 1, 2, 4)
"""Bytes of a number, by the two bits that say how many it takes."""


def loses_objects(path: str, start: int, stop: int | None = None) -> bool:
    """Return whether blocks from the one at byte `start` on are broken, or objects are missing.

    The last block is the one at byte `stop`; None: the last that the header counts.
    """
    numbers: dict[int, int] = {}
    try:
        with open(path, "rb") as file:
            head = file.read(SEARCHED_BYTES)
            size = _block_bytes(head)
            num_bytes = max(0, (_last_block(head, size) if stop is None else stop) - start) + size
            file.seek(start)
            data = file.read(num_bytes)
        if len(data) < num_bytes:
            return True
        for at in range(0, len(data), size):
            for stream, number in _payloads(data[at : at + size]):
                before = numbers.setdefault(stream, number)
                if number not in (before, (before + 1) % NUM_OBJECT_NUMBERS):
                    return True
                numbers[stream] = number
    except (IndexError, ValueError):
        return True
    return False


def _block_bytes(head: bytes) -> int:
    """Return the size of the blocks; `IndexError` or `ValueError` if the header does not say."""
    at = head.index(FILE_PROPERTIES) + SIZE_OFFSET
    size = int.from_bytes(head[at : at + 4], "little")
    if size <= 0:
        raise IndexError(size)
    return size


def _last_block(head: bytes, size: int) -> int:
    """Return the byte at which the last block begins, by the header; -1 if it counts none."""
    at = head.index(DATA)
    count = int.from_bytes(head[at + COUNT_OFFSET : at + COUNT_OFFSET + 8], "little")
    return at + FIRST_BLOCK_OFFSET + (count - 1) * size if count else -1


def _payloads(block: bytes) -> Iterator[tuple[int, int]]:
    """Yield the stream and the object number of each payload; raise an error in a broken block."""
    fields = _Fields(block)
    if block[0] & 0x80:
        fields.skip(1 + (block[0] & 0x0F))
    lengths, kinds = fields.number(1), fields.number(1)
    length = fields.number_of(lengths >> 5) or len(block)
    fields.number_of(lengths >> 1)
    end = min(length, len(block)) - fields.number_of(lengths >> 3)
    fields.skip(6)  # time and duration
    has_several = bool(lengths & 1)
    mark = fields.number(1) if has_several else 1
    for _ in range(mark & 0x3F):
        stream, number = fields.number(1) & 0x7F, fields.number_of(kinds >> 4)
        fields.number_of(kinds >> 2)
        size_of_facts = fields.number_of(kinds)
        fields.skip(size_of_facts)
        payload_bytes = fields.number_of(mark >> 6) if has_several else end - fields.at
        payload_end = fields.at + payload_bytes
        if stream == 0 or payload_end > end:
            raise IndexError(stream)  # a stream that is none, or a payload that leaves the block
        yield stream, number % NUM_OBJECT_NUMBERS
        while size_of_facts == SIZE_OF_TIME_STEP and fields.at < payload_end:
            fields.skip(fields.number(1))
            yield stream, number % NUM_OBJECT_NUMBERS
            number += 1
        fields.at = payload_end


class _Fields:
    """Numbers of a block, read one after the other."""

    def __init__(self, block: bytes) -> None:
        self._block, self.at = block, 0

    def number_of(self, bits: int) -> int:
        """Return a number that takes as many bytes as the last two of the bits say."""
        return self.number(FIELD_BYTES[bits & 3])

    def skip(self, num_bytes: int) -> None:
        self.at += num_bytes

    def number(self, num_bytes: int) -> int:
        """Return a number of so many bytes."""
        self.skip(num_bytes)
        if self.at > len(self._block):
            raise IndexError(self.at)
        return int.from_bytes(self._block[self.at - num_bytes : self.at], "little")
