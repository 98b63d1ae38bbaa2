"""Several real processes on one cache, and places that are really full."""

import errno
import json
import subprocess
import sys

import numpy as np
import pytest

from videoqa.features.cache import FeatureCache

START = """
import hashlib, sys
import numpy as np
from videoqa.features.cache import FeatureCache
cache = FeatureCache(sys.argv[1])
keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(60)]
def features(number):
    return np.full((50, 400), number, np.float16)
"""


def start(code: str, home) -> subprocess.Popen:
    command = [sys.executable, "-c", START + code, str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> str:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "damaged" not in errors, errors
    return out


WRITE_ALL = """
for number, key in enumerate(keys):
    cache.write(key, features(number), {"number": number})
"""
READ_OFTEN = """
import time
seen, end = 0, time.monotonic() + 1.5
while time.monotonic() < end or (not seen and time.monotonic() < end + 60):
    for number, key in enumerate(keys):
        found = cache.read(key)
        assert found is None or (found == number).all()
        seen += found is not None
print(seen)
"""
PRUNE_OFTEN = """
import time
end = time.monotonic() + 1
while time.monotonic() < end:
    for number, key in enumerate(keys):
        cache.write(key, features(number), {})
    cache.prune(0.0005)
"""


def test_two_processes_fill_the_same_cache(tmp_path):
    for process in [start(WRITE_ALL, tmp_path) for _ in range(2)]:
        finish(process)
    cache = FeatureCache(tmp_path)
    info = cache.info()
    assert info["num_entries"] == 60 and info["num_leftovers"] == 0
    for marker in cache.folder.glob("??/*.json"):
        assert (cache.read(marker.stem) == json.loads(marker.read_text())["number"]).all()


@pytest.mark.slow
def test_reader_meets_whole_entries_while_others_write_and_prune(tmp_path):
    reader, pruner = start(READ_OFTEN, tmp_path), start(PRUNE_OFTEN, tmp_path)
    finish(pruner)
    assert int(finish(reader)) > 0
    assert FeatureCache(tmp_path).prune(1)["num_entries"] == FeatureCache(tmp_path).info()["num_entries"]


WRITE_UNDER_A_LIMIT = """
import resource
cache.write(keys[0], features(0), {})
resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
try:
    cache.write(keys[1], features(1), {"timestamps_seconds": [0.04] * 10_000})
except OSError as error:
    print(error.errno, error)
assert (cache.read(keys[0]) == 0).all() and cache.read(keys[1]) is None
print(cache.info()["num_entries"], cache.info()["num_leftovers"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize(
    "limit", [0, 5000, 41_000], ids=["first byte", "within the array", "within the marker"]
)
def test_write_that_the_disk_cuts_off_leaves_nothing(tmp_path, limit):
    message, counts = finish(
        start(WRITE_UNDER_A_LIMIT.replace("MOST_BYTES", str(limit)), tmp_path)
    ).splitlines()
    assert message.startswith(f"{errno.EFBIG} ")
    assert "cannot be written: File too large. What it held is unharmed." in message
    assert "run again" in message
    assert counts == "1 0"


def test_full_disk_is_said_and_keeps_what_was_written(small_disk):
    cache = FeatureCache(small_disk)
    written = []
    with pytest.raises(OSError, match=r"No space left on device.*What it held is unharmed.*prune") as caught:
        for number in range(20):
            key = f"{number:02x}" + "0" * 62
            cache.write(key, np.full((50, 400), number, np.float16), {})
            written.append(key)
    assert caught.value.errno == errno.ENOSPC
    assert 3 <= len(written) == cache.info()["num_entries"]
    assert [int(cache.read(key)[0, 0]) for key in written] == list(range(len(written)))
    assert cache.info()["num_leftovers"] == 0
    with pytest.raises(ValueError, match=r"about 1\.00 MB needed, 0\.\d\d MB free"):
        cache.check_space(10**6)
