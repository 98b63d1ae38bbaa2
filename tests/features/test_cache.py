"""The cache as files: whole entries or none, damage noticed, every refusal clear."""

import hashlib
import io
import json
import logging
import os

import numpy as np
import pytest

from videoqa.features.cache import FeatureCache

KEY = "ab" + "0" * 62


def features_of(value: float, num_frames: int = 3) -> np.ndarray:
    return np.full((num_frames, 8), value, np.float16)


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path)


def test_what_is_written_is_read_bit_for_bit(cache):
    features = np.random.default_rng(0).normal(size=(20, 16)).astype(np.float16)
    num_bytes = cache.write(KEY, features, {"source": "clip.avi"})
    entry = cache.read_entry(KEY)
    assert cache.read(KEY).tobytes() == features.tobytes()
    assert entry.metadata["source"] == "clip.avi"
    assert entry.num_bytes == num_bytes == sum(p.stat().st_size for p in (cache.folder / "ab").iterdir())


def test_entry_is_the_two_files_the_layout_promises(cache):
    cache.write(KEY, features_of(1), {})
    folder = cache.folder / KEY[:2]
    assert sorted(path.name for path in folder.iterdir()) == [f"{KEY}.json", f"{KEY}.npy"]
    array = np.load(folder / f"{KEY}.npy", allow_pickle=False)
    assert array.dtype == np.float16 and array.shape == (3, 8)
    marker = json.loads((folder / f"{KEY}.json").read_text())
    assert marker["shape"] == [3, 8] and len(marker["sha256"]) == 64


def test_absent_and_unfinished_entries_read_as_none_without_a_warning(cache, caplog):
    assert cache.read(KEY) is None
    cache.write(KEY, features_of(1), {})
    (cache.folder / "ab" / f"{KEY}.json").unlink()
    assert cache.read(KEY) is None
    assert not caplog.records


DAMAGES = {
    "flipped bit": lambda npy, marker: npy.write_bytes(npy.read_bytes()[:-1] + b"\x7f"),
    "cut array": lambda npy, marker: npy.write_bytes(npy.read_bytes()[:40]),
    "empty array": lambda npy, marker: npy.write_bytes(b""),
    "other array": lambda npy, marker: np.save(npy, np.zeros((9, 9))),
    "pickle": lambda npy, marker: np.save(npy, np.array([{}], object), allow_pickle=True),
    "empty marker": lambda npy, marker: marker.write_bytes(b""),
    "binary marker": lambda npy, marker: marker.write_bytes(b"\xff\xfe\x00"),
    "marker is a list": lambda npy, marker: marker.write_text("[]"),
    "marker without sha256": lambda npy, marker: marker.write_text('{"shape": [3, 8]}'),
    "other shape noted": lambda npy, marker: marker.write_text(
        marker.read_text().replace("[3, 8]", "[8, 3]")
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_entry_is_noticed_and_made_again(cache, caplog, damage):
    cache.write(KEY, features_of(1), {})
    damage(cache.folder / "ab" / f"{KEY}.npy", cache.folder / "ab" / f"{KEY}.json")
    with caplog.at_level(logging.WARNING):
        assert cache.read(KEY) is None
    assert [KEY in record.getMessage() and "damaged" in record.getMessage() for record in caplog.records] == [
        True
    ]
    cache.write(KEY, features_of(2), {})
    assert cache.read(KEY)[0, 0] == 2


def test_valid_entry_is_kept_when_another_writer_comes_second(cache):
    cache.write(KEY, features_of(1), {"by": "first"})
    before = (cache.folder / "ab" / f"{KEY}.npy").stat().st_ino
    cache.write(KEY, features_of(1), {"by": "second"})
    assert cache.read_entry(KEY).metadata["by"] == "first"
    assert (cache.folder / "ab" / f"{KEY}.npy").stat().st_ino == before


def test_marker_of_a_replaced_entry_goes_first_and_comes_last(cache):
    cache.write(KEY, features_of(1), {})
    array_path = cache.folder / "ab" / f"{KEY}.npy"
    array_path.unlink()
    (array_path / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="cannot be written"):
        cache.write(KEY, features_of(2), {})
    assert [path.name for path in array_path.parent.iterdir()] == [array_path.name]


@pytest.mark.parametrize(
    "features",
    [np.zeros((3, 8), np.float32), np.zeros(8, np.float16), np.zeros((1, 3, 8), np.float16)],
    ids=["float32", "one axis", "three axes"],
)
def test_other_arrays_are_refused(cache, features):
    with pytest.raises(ValueError, match=r"`features` must be float16 \(num_frames, feature_dim\)"):
        cache.write(KEY, features, {})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(cache, value):
    with pytest.raises(ValueError, match="not finite in float16"):
        cache.write(KEY, features_of(value), {})
    assert cache.read(KEY) is None


def test_home_under_a_file_is_refused_naming_the_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    cache = FeatureCache(tmp_path / "file" / "home")
    with pytest.raises(OSError, match=r"cannot be written: Not a directory.*Set VIDEOQA_HOME"):
        cache.check_writable()
    with pytest.raises(OSError, match="cannot be written"):
        cache.write(KEY, features_of(1), {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_home_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match=r"cannot be written: Permission denied.*Set VIDEOQA_HOME"):
        FeatureCache(tmp_path / "home").check_writable()


def test_writable_check_leaves_nothing(cache):
    cache.check_writable()
    assert list(cache.folder.iterdir()) == []


def test_space_that_does_not_suffice_is_refused_with_both_figures(cache):
    cache.check_space(1)
    with pytest.raises(ValueError, match=r"about 1000000\.00 GB needed, \d+\.\d\d [GM]B free"):
        cache.check_space(10**15)


def test_home_is_the_environment_variable_or_the_user_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path))
    assert FeatureCache().folder == tmp_path / "cache"
    monkeypatch.delenv("VIDEOQA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert FeatureCache().folder == tmp_path / "user" / ".cache" / "videoqa" / "cache"


def test_an_entry_with_values_that_are_not_finite_is_made_again(cache, caplog):
    cache.write(KEY, features_of(1), {})
    spoilt = features_of(1)
    spoilt[0, 0] = np.nan
    buffer = io.BytesIO()
    np.save(buffer, spoilt)
    array, marker = (cache.folder / KEY[:2] / f"{KEY}{suffix}" for suffix in (".npy", ".json"))
    array.write_bytes(buffer.getvalue())
    noted = json.loads(marker.read_text())
    marker.write_text(json.dumps({**noted, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}))
    assert cache.read(KEY) is None and "not finite" in caplog.text
    cache.write(KEY, features_of(1), {})
    assert np.array_equal(cache.read(KEY), features_of(1))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_cache_that_others_can_write_to_is_said_once(tmp_path, capsys):
    FeatureCache(tmp_path)
    (tmp_path / "cache").mkdir(mode=0o755)
    FeatureCache(tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "cache").chmod(0o777)
    for _ in range(2):
        FeatureCache(tmp_path)
    printed = capsys.readouterr().err
    assert printed.count("every user of this machine can write to the feature cache") == 1
    assert f"chmod o-w {tmp_path / 'cache'}" in printed


def test_a_parser_that_fails_among_threads_costs_no_entry(cache, monkeypatch):
    """What `np.load` raises before Python 3.11.8, now and then, while other threads parse."""
    cache.write(KEY, features_of(1), {})
    load, failures = np.load, [SystemError("AST constructor recursion depth mismatch")] * 2

    def fails_twice(*args, **options):
        if failures:
            raise failures.pop()
        return load(*args, **options)

    monkeypatch.setattr(np, "load", fails_twice)
    np.testing.assert_array_equal(cache.read(KEY), features_of(1))
