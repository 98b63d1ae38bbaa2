"""Options that an audit and a training refuse before any work."""

import pytest

import videoqa


def test_an_archive_as_the_folder_of_the_videos_is_refused(table, tmp_path):
    archive = tmp_path / "videos.zip"
    archive.write_bytes(b"PK\x03\x04" + bytes(50))
    for function in (videoqa.audit, videoqa.train):
        with pytest.raises(
            ValueError, match=r"`videos` must be a directory; this is an archive.*unzip .*videos\.zip"
        ):
            function(table, videos=archive, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_out_inside_the_videos_is_refused(table, clips):
    with pytest.raises(ValueError, match="`out` must lie outside the videos folder"):
        videoqa.audit(table, videos=clips, out=clips / "audit")


def test_an_out_that_is_a_file_is_refused(table, clips, tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "audit"):
        with pytest.raises(ValueError, match="`out` must be a folder; a file stands in its way"):
            videoqa.audit(table, videos=clips, out=out)


@pytest.mark.parametrize(
    ("option", "value"), [("decode_workers", 0), ("num_frames", 0), ("limit", -1), ("decode_workers", "2")]
)
def test_an_option_out_of_range_is_refused(table, clips, option, value):
    with pytest.raises(ValueError, match=f"`{option}` must be an integer"):
        videoqa.audit(table, videos=clips, **{option: value})
