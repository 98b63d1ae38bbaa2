"""Content hashes: right always, remembered when that is safe."""

import hashlib
import os
import time

import pytest

from videoqa.features.content_hashes import ContentHashes

OLD = 1_600_000_000


def written(path, content: bytes, seconds: float = OLD):
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "contents"


def test_hash_is_the_sha256_and_survives_the_process(tmp_path, folder):
    video = written(tmp_path / "clip.avi", b"abc")
    assert ContentHashes(folder).of(video) == hashlib.sha256(b"abc").hexdigest()
    assert len(ContentHashes(folder).records()) == 1


def test_file_with_known_size_time_and_inode_is_not_read_again(tmp_path, folder):
    video = written(tmp_path / "clip.avi", b"abc")
    first = ContentHashes(folder).of(video)
    with open(video, "r+b") as file:
        file.write(b"xyz")
    os.utime(video, (OLD, OLD))
    assert ContentHashes(folder).of(video) == first


@pytest.mark.parametrize(
    "change",
    [
        lambda video: written(video, b"xyz", OLD + 1),
        lambda video: written(video, b"abcd"),
        lambda video: os.replace(written(video.with_name("new"), b"xyz"), video),
    ],
    ids=["time", "size", "inode"],
)
def test_changed_file_is_hashed_again(tmp_path, folder, change):
    video = written(tmp_path / "clip.avi", b"abc")
    hashes = ContentHashes(folder)
    hashes.of(video)
    change(video)
    expected = hashlib.sha256(video.read_bytes()).hexdigest()
    assert hashes.of(video) == ContentHashes(folder).of(video) == expected


def test_file_changed_a_moment_ago_is_not_remembered(tmp_path, folder):
    video = written(tmp_path / "clip.avi", b"abc", time.time())
    hashes = ContentHashes(folder)
    assert hashes.of(video) == hashlib.sha256(b"abc").hexdigest()
    assert hashes.records() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"file": [1], "known": 3}', b"\xff"])
def test_damaged_record_is_made_again(tmp_path, folder, content):
    video = written(tmp_path / "clip.avi", b"abc")
    expected = ContentHashes(folder).of(video)
    record = ContentHashes(folder).records()[0]
    record.write_bytes(content)
    assert ContentHashes(folder).of(video) == expected
    assert record.read_bytes() != content


def test_facts_are_computed_once_per_content(tmp_path, folder):
    video = written(tmp_path / "clip.avi", b"abc")
    computed = []
    for _ in range(2):
        assert (
            ContentHashes(folder).fact(video, "decoder", lambda: computed.append(1) or "opencv") == "opencv"
        )
    assert computed == [1]
    assert ContentHashes(folder).of(video) == hashlib.sha256(b"abc").hexdigest()


def test_folder_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("")
    hashes = ContentHashes(tmp_path / "file" / "contents")
    assert hashes.of(written(tmp_path / "clip.avi", b"abc")) == hashlib.sha256(b"abc").hexdigest()


def test_missing_file_and_directory_are_refused(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match="`video` must be an existing file"):
        ContentHashes(folder).of(tmp_path / "none.avi")
    with pytest.raises(ValueError, match="this is a directory"):
        ContentHashes(folder).of(tmp_path)


def test_records_of_files_that_are_gone_are_removed(tmp_path, folder):
    hashes = ContentHashes(folder)
    kept = written(tmp_path / "kept.avi", b"abc")
    gone = written(tmp_path / "gone.avi", b"abc")
    hashes.of(kept), hashes.of(gone)
    gone.unlink()
    assert hashes.remove_outdated() > 0
    assert [hashes._record(str(kept))] == hashes.records()
