"""The process beside a server: it hangs, dies, is too slow or has no room; the service stays up.

The model reads frames, so that the process needs no TensorFlow and starts at once.
"""

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

import videoqa
from videoqa.answering.video_qa import VideoQA
from videoqa.config import ModelConfig, RunConfig, SamplingConfig
from videoqa.models.building import build_from_config
from videoqa.models.weight_files import weights_file
from videoqa.saving import load_model_folder, save_model_folder
from videoqa.text.vocabulary import AnswerList
from videoqa.video.decoding import DecodingError
from videoqa.web.service import Busy, TookTooLong, UnknownClip

from .served import Served, serving

METRICS = {"num_tables": 1, "majority_answers": {}, "groups": {}, "history": []}
ANSWERS = AnswerList(("loading", "unloading", "waving"))
CLIP_SECONDS = 5.0
pytestmark = pytest.mark.skipif(os.name != "posix", reason="stops the process by signals")


def untrained(out: Path, model: ModelConfig, sampling: SamplingConfig, seed: int = 0) -> Path:
    """Write an action model with the weights it starts from, and its backbone's if it has one."""
    keras.utils.set_random_seed(seed)
    starts_from = "features" if model.has_backbone else "clip"
    built = build_from_config(model, sampling.num_frames, starts_from=starts_from)
    own = weights_file("tiny", "package") if model.has_backbone else None
    config, parts = RunConfig(model=model, sampling=sampling), {"vocabulary": None, "answers": ANSWERS}
    save_model_folder(out, built, config, **parts, metrics=METRICS, backbone_weights=own)
    return out


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> VideoQA:
    """Return a model that reads frames in three windows."""
    model = ModelConfig(task="action", architecture="c3d", frame_size=(32, 32), num_answers=3, width=0.1)
    sampling = SamplingConfig(8, frame_step=2, num_test_clips=3, short_clips="loop")
    return VideoQA(load_model_folder(untrained(tmp_path_factory.mktemp("c3d") / "m", model, sampling)))


@pytest.fixture(scope="module")
def served(qa: VideoQA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "private"
    with serving(qa, folder, max_waiting=2, clip_seconds=CLIP_SECONDS) as made:
        yield made


def worker_id(served: Served) -> int:
    """Return the id of the process that encodes."""
    return served.service._clip_encoder._process._process.pid


def test_a_model_that_reads_frames_answers_as_ask(
    served: Served, qa: VideoQA, rounding: Callable[..., float]
) -> None:
    path = videoqa.sample_clip("loading")
    clip, wanted = served.send(path), qa.ask(path)
    (given,) = served.ask(clip, "")
    assert given["timestamps_seconds"] == list(wanted.timestamps_seconds) == list(clip.timestamps_seconds)
    # 11 layers, of sums of at most 27 x 51 terms
    found = [each["probability"] for each in given["alternatives"]]
    assert found == pytest.approx([value for _, value in wanted.alternatives], rel=rounding(11, 27 * 51))
    assert given["notes"] == list(wanted.notes)
    evidence = served.ask(clip, "", explain=True)[0]["evidence"]
    assert [each["heat"] for each in evidence["frames"]] == [None] * len(evidence["frames"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no video at all" * 100, "it is text"),
        (b"", "is empty"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "cut short"),
    ],
)
def test_what_is_no_video_is_refused_by_its_name(
    served: Served, tmp_path: Path, content: bytes, message: str
) -> None:
    path, before = tmp_path / "text", served.files()
    path.write_bytes(content)
    with pytest.raises(DecodingError, match=message) as raised:
        served.send(path, "holiday.mp4")
    assert raised.value.path == "holiday.mp4" and str(served.folder) not in str(raised.value)
    assert served.files() == before


def test_a_process_that_hangs_is_ended_and_started_again(served: Served) -> None:
    starts, before = served.number("encoder_starts_total"), served.files()
    clip = videoqa.sample_clip("waving", seed=1)
    os.kill(worker_id(served), signal.SIGSTOP)
    with pytest.raises(TookTooLong, match="took more than 5 seconds"):
        served.send(clip)
    assert served.number("encoder_starts_total") == starts + 1 and served.files() == before
    assert served.ask(served.send(clip), "")[0]["text"] in ANSWERS.answers


def test_a_clip_that_ends_the_process_is_refused(served: Served) -> None:
    stopped = worker_id(served)
    os.kill(stopped, signal.SIGSTOP)

    async def send_and_kill() -> None:
        sent = asyncio.ensure_future(served.sending(videoqa.sample_clip("waving", seed=2)))
        while not served.number("clips_waiting"):
            await asyncio.sleep(0.01)
        os.kill(stopped, signal.SIGKILL)
        await sent

    with pytest.raises(DecodingError, match=r"the process that decoded it died \(signal 9\)"):
        served.run(send_and_kill())
    assert served.send(videoqa.sample_clip("waving", seed=2)).num_frames


def test_a_process_that_ends_between_clips_or_while_it_starts_costs_no_clip(served: Served) -> None:
    encoder = served.service._clip_encoder
    os.kill(worker_id(served), signal.SIGKILL)
    encoder._process._process.wait(120)
    assert served.send(videoqa.sample_clip("jumping", seed=3)).num_frames
    encoder._end()
    encoder._begin()
    os.kill(worker_id(served), signal.SIGKILL)
    assert served.send(videoqa.sample_clip("jumping", seed=4)).num_frames


def test_no_more_wait_than_may_and_who_hangs_up_waits_no_longer(served: Served) -> None:
    paths = [videoqa.sample_clip("unloading", seed=seed) for seed in range(3)]
    encoded, before = served.number("clips_encoded_total"), len(list((served.folder / "clips").iterdir()))
    stopped = worker_id(served)
    os.kill(stopped, signal.SIGSTOP)

    async def send_all() -> None:
        first, second = [asyncio.ensure_future(served.sending(path)) for path in paths[:2]]
        while served.number("clips_waiting") < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(Busy, match="2 clips are waiting") as raised:
            await served.sending(paths[2])
        assert raised.value.seconds >= 1
        second.cancel()
        os.kill(stopped, signal.SIGCONT)
        assert (await first).num_frames
        with pytest.raises(asyncio.CancelledError):
            await second
        (served.folder / "uploads" / str(served._num_sent)).unlink()  # a refused upload stays its sender's

    served.run(send_all())
    assert served.number("clips_waiting") == 0 and served.number("clips_encoded_total") == encoded + 1
    assert len(list((served.folder / "clips").iterdir())) == before + 1
    with pytest.raises(ValueError, match="a list of 1 to 2 texts"):
        served.ask(served.send(paths[0]), "", "", "")


def test_a_clip_is_forgotten_that_nobody_uses(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = served.send(videoqa.sample_clip("loading", seed=9))
    served.ask(clip, "")
    monkeypatch.setattr(served.service._clips, "_keep_seconds", -1)
    served.service._clips.forget_unused()
    assert served.files() == [] and served.number("clips_known_bytes") == 0
    with pytest.raises(UnknownClip):
        served.ask(clip, "")
    with pytest.raises(UnknownClip):
        clip.frame_jpeg(0)


def test_a_full_disk_leaves_nothing_half_made(qa: VideoQA, small_disk: Path) -> None:
    with serving(qa, small_disk / "private") as served:
        space = os.statvfs(small_disk)
        clip = videoqa.sample_clip("loading")
        room = os.path.getsize(clip) + 30_000
        (small_disk / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize - room))
        with pytest.raises(OSError, match="The clip cannot be kept: No space left on device") as raised:
            served.send(clip)
        assert raised.value.errno == errno.ENOSPC and served.files() == []
        (small_disk / "filler").unlink()
        assert served.send(clip).num_frames


@pytest.mark.slow
def test_answers_stay_those_of_the_loaded_model(tmp_path: Path) -> None:
    """Also where the process starts again after the folder, with its backbone's weights, is another one."""
    config = ModelConfig(task="action", backbone="tiny", num_answers=3, video_units=8, hidden_units=8)
    run = untrained(tmp_path / "run", config, SamplingConfig(4), seed=1)
    qa, paths = VideoQA(load_model_folder(run)), [videoqa.sample_clip("loading", seed=n) for n in range(2)]
    wanted = [qa.ask(path) for path in paths]
    with serving(qa, tmp_path / "private") as served:
        assert served.number("model_changed") == 0
        untrained(run, config, SamplingConfig(4), seed=2)
        (run / "backbone.weights.h5").write_bytes(b"other weights")
        assert served.number("model_changed") == 1
        os.kill(worker_id(served), signal.SIGKILL)
        with pytest.raises(DecodingError, match="died"):
            served.send(paths[0])
        for path, answer in zip(paths, wanted, strict=True):
            (given,) = served.ask(served.send(path), "")
            found = [each["probability"] for each in given["alternatives"]]
            np.testing.assert_allclose(found, [value for _, value in answer.alternatives], rtol=1e-4)
