"""Uploads that are no video, or that claim to be more than they are, made in memory."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import numpy as np

Upload = tuple[str, bytes]
"""A file's name and its bytes."""


def hostile_uploads(number: int, good: bytes, seed: int = 0) -> list[Upload]:
    """Return so many uploads, of all kinds in turn.

    Args:
        good: an .avi that can be read, from which some are cut or changed.
    """
    rng = np.random.default_rng(seed)
    kinds = list(KINDS.values())
    return [kinds[place % len(kinds)](good, rng) for place in range(number)]


def _empty(good: bytes, rng: np.random.Generator) -> Upload:
    return "empty.mp4", b""


def _noise(good: bytes, rng: np.random.Generator) -> Upload:
    return "noise.mp4", rng.bytes(int(rng.integers(1, 50_000)))


def _text(good: bytes, rng: np.random.Generator) -> Upload:
    return "../../etc/passwd", b"<html>" + rng.bytes(4).hex().encode() + b"</html>" * 50


def _playlist(good: bytes, rng: np.random.Generator) -> Upload:
    address = f"http://127.0.0.1:9/{rng.integers(1_000_000)}.ts".encode()
    return "list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + address + b"\n#EXT-X-ENDLIST\n"


def _concat(good: bytes, rng: np.random.Generator) -> Upload:
    return "film.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n" + b"#" * int(rng.integers(1, 99))


def _zip(good: bytes, rng: np.random.Generator) -> Upload:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0" * int(rng.integers(1, 200)), bytes(2_000_000))
    return "bomb.zip", packed.getvalue()


def _gzip(good: bytes, rng: np.random.Generator) -> Upload:
    return "film.avi.gz", gzip.compress(bytes(int(rng.integers(1, 2_000_000))), mtime=0)


def _cut(good: bytes, rng: np.random.Generator) -> Upload:
    return "cut.avi", good[: int(rng.integers(1, len(good) // 3))]


def _headers_only(good: bytes, rng: np.random.Generator) -> Upload:
    return "head.avi", good[: good.index(b"movi") + 4] + rng.bytes(8)


def _huge_picture(good: bytes, rng: np.random.Generator) -> Upload:
    """Claim a picture of 2 GB in both headers of an .avi."""
    changed, size = bytearray(good), struct.pack("<ii", 30_000, int(rng.integers(20_000, 30_000)))
    main, form = good.index(b"avih") + 8 + 32, good.index(b"strf") + 8 + 4
    changed[main : main + 8] = size
    changed[form : form + 8] = size
    return "huge.avi", bytes(changed)


def _endless(good: bytes, rng: np.random.Generator) -> Upload:
    """Claim two thousand million frames."""
    changed, place = bytearray(good), good.index(b"avih") + 8 + 16
    changed[place : place + 4] = struct.pack("<i", 2_000_000_000 + int(rng.integers(1_000_000)))
    return "endless.avi", bytes(changed[: len(good) // 4])


def _huge_box(good: bytes, rng: np.random.Generator) -> Upload:
    """Claim boxes of four gigabytes and more in an .mp4."""
    head = struct.pack(">I", 24) + b"ftypisom" + b"\0\0\2\0isomiso2"
    size = struct.pack(">Q", 1 << int(rng.integers(33, 63)))
    return "box.mp4", head + b"\0\0\0\1moov" + size + b"\xff\xff\xff\xfftrak" + rng.bytes(64)


def _huge_element(good: bytes, rng: np.random.Generator) -> Upload:
    """Claim elements of petabytes in a .webm."""
    head = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08"
    form = b"B\x82\x84webmB\x87\x81\x04B\x85\x81\x02"
    return "long.webm", head + form + b"\x18S\x80g\x01" + b"\x7f" * 7 + b"\x16T\xaek\x08\xff\xff" + rng.bytes(
        200
    )


def _picture(good: bytes, rng: np.random.Generator) -> Upload:
    return "picture.mp4", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + rng.bytes(40)


KINDS: dict[str, Callable[[bytes, np.random.Generator], Upload]] = {
    "nothing": _empty,
    "random bytes": _noise,
    "text with a path as name": _text,
    "playlist of addresses": _playlist,
    "list of files": _concat,
    "zip": _zip,
    "gzip": _gzip,
    "cut": _cut,
    "headers without frames": _headers_only,
    "picture of gigabytes": _huge_picture,
    "endless": _endless,
    "box of terabytes": _huge_box,
    "element of petabytes": _huge_element,
    "picture": _picture,
}
"""What is wrong with a file -> the function that makes one."""
