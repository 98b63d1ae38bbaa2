"""Blocks of an ASF made by hand: whole ones, and ones that lack an object."""

from pathlib import Path

import pytest

from videoqa.video.asf_blocks import DATA, FILE_PROPERTIES, FIRST_BLOCK_OFFSET, SIZE_OFFSET, loses_objects

BLOCK_BYTES = 64
FACTS = bytes(8)


def payload(number: int, facts: bytes, data: bytes) -> bytes:
    """Return a payload of stream 1: its object, four bytes of time, what is said of it, and its bytes."""
    head = bytes([1, number]) + bytes(4) + bytes([len(facts)]) + facts
    return head + len(data).to_bytes(2, "little") + data


def write_asf(path: Path, blocks: list[list[bytes]]) -> int:
    """Write blocks of several payloads each, and return the byte at which the first begins."""
    properties = FILE_PROPERTIES + bytes(SIZE_OFFSET - 16) + BLOCK_BYTES.to_bytes(4, "little")
    head = properties + DATA + bytes(24) + len(blocks).to_bytes(8, "little") + bytes(2)
    assert len(head) == len(properties) + FIRST_BLOCK_OFFSET
    with path.open("wb") as file:
        file.write(head)
        for payloads in blocks:
            content = bytes([len(payloads) | 0x80]) + b"".join(payloads)
            padding = BLOCK_BYTES - 9 - len(content)
            file.write(bytes([0x09, 0x5D, padding]) + bytes(6) + content + bytes(padding))
    return len(head)


def joined(*parts: bytes) -> bytes:
    """Return small objects as they stand in one payload, each after its length."""
    return b"".join(bytes([len(part)]) + part for part in parts)


@pytest.mark.parametrize(("last", "is_lost"), [(4, False), (5, True), (3, False), (1, True)])
def test_small_objects_in_one_payload_are_counted(tmp_path: Path, last: int, is_lost: bool) -> None:
    path = tmp_path / "sound.asf"
    several = payload(1, b"\x28", joined(b"aa", b"bbb", b"c"))  # objects 1, 2 and 3
    blocks = [[payload(0, FACTS, b"dddd"), several], [payload(last, FACTS, b"eeee")]]
    assert loses_objects(str(path), write_asf(path, blocks)) == is_lost
