"""Flow beside features: in the cache and its keys, in windows, in arrays, hidden and backwards."""

import dataclasses

import cv2
import numpy as np
import pytest

from videoqa.config import FLOW_COLUMNS, ModelConfig, SamplingConfig, run_config_from_options
from videoqa.evaluation.evidence import hide_moment
from videoqa.evaluation.views import change_view
from videoqa.features.cache_keys import FLIPPED, clip_key_parts, key_of
from videoqa.features.encoding import FrameEncoder, clip_features, encode_clips, load_features
from videoqa.features.frame_encoder import encode_frames
from videoqa.features.jobs import ClipJob
from videoqa.features.motion import reversed_features
from videoqa.features.ray_encoding import ClipWorker
from videoqa.input_pipeline import Examples
from videoqa.models.building import build_model
from videoqa.models.feature_columns import feature_columns
from videoqa.models.summary import layer_table
from videoqa.sample.avi import avi_bytes
from videoqa.training.backwards import looks_the_same
from videoqa.training.checks import check_input
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.optical_flow import SCALE, SHORT_SIDE, clip_flow


@pytest.fixture(scope="module")
def encoder() -> FrameEncoder:
    """Return an encoder of flow, built once for all tests."""
    return FrameEncoder(
        ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16), motion="flow")
    )


@pytest.mark.parametrize("view", ["plain", FLIPPED])
def test_flow_stands_behind_the_features_of_each_clip(write_video, cache, encoder, sampling, view):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(3)]
    options = {"cache": cache, "encoder": encoder, "view": view, "progress": False}
    found = load_features(encode_clips(requests, sampling, encoder.model, **options))
    assert found.shape == (3, 5, encoder.feature_dim) and found.dtype == np.float16
    for request, features in zip(requests, found, strict=True):
        frames = decode(request, sampling, frame_size=(16, 16)).frames
        shown = np.ascontiguousarray(frames[:, :, ::-1]) if view == FLIPPED else frames
        expected = np.concatenate([encoder(shown), clip_flow(shown)], axis=1).astype(np.float16)
        assert features.tobytes() == encode_frames(shown, encoder).tobytes() == expected.tobytes()
    if view == "plain":
        made = clip_features(requests[0], sampling, encoder=encoder, cache=cache)[0]
        cache.clear()
        again = clip_features(requests[0], sampling, encoder=encoder, cache=cache)[0]
        assert made.tobytes() == again.tobytes() == found[0].tobytes()


def test_only_flow_has_a_key_of_its_own(write_video, cache, model, sampling):
    request = ClipRequest(write_video())
    keys = [
        clip_key_parts(request, sampling, dataclasses.replace(model, motion=motion), cache)
        for motion in ("none", "difference", "flow", "both")
    ]
    assert keys[0] == keys[1] and keys[2] == keys[3] and keys[2].pop("flow") and keys[2] == keys[0]
    assert "pooling" not in keys[0]
    grid = clip_key_parts(request, sampling, dataclasses.replace(model, pooling="grid2"), cache)
    assert grid.pop("pooling") == "grid2" and grid == keys[0]


def test_a_clip_that_changes_its_size_does_not_move_by_that(tmp_path, encoder):
    """Every frame is brought to one size while it is decoded: the same picture at two sizes stands still."""
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    picture = cv2.GaussianBlur(noise, (0, 0), 3)
    sizes = [picture, picture, cv2.resize(picture, (192, 192)), cv2.resize(picture, (192, 192))]
    jpegs = [cv2.imencode(".jpg", each)[1].tobytes() for each in sizes]
    (tmp_path / "clip.avi").write_bytes(avi_bytes(jpegs, fps=10, width=96, height=96))
    request = ClipRequest(str(tmp_path / "clip.avi"))
    clip = decode(request, SamplingConfig(num_frames=4), frame_size=(96, 96))
    assert clip.frames.shape == (4, 96, 96, 3) and clip.frames.std(axis=(1, 2)).min() > 1
    flow = encoder.flow_of(clip.frames)
    assert np.abs(flow).max() < 0.5 * SCALE / SHORT_SIDE


def test_clips_cached_with_other_features_are_told(write_video, cache, encoder, model, sampling, capsys):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(2)]
    for other in (model, dataclasses.replace(model, pooling="grid3")):
        key = key_of(clip_key_parts(requests[1], sampling, other, cache))
        cache.write(key, np.zeros((5, 3), np.float16), {})
    options = {"cache": cache, "encoder": encoder}
    encode_clips(requests, sampling, encoder.model, **options)
    said = "Clips are in the cache with pooling='mean' and no flow; with pooling='mean' and flow they are enc"
    assert capsys.readouterr().err.count(said) == 1
    encode_clips(requests, sampling, encoder.model, **options)
    encode_clips(requests, dataclasses.replace(sampling, num_frames=4), encoder.model, **options)
    assert "in the cache with" not in capsys.readouterr().err


def test_processes_of_a_cluster_find_the_flow_too(write_video, cache, encoder, sampling):
    request = ClipRequest(write_video())
    job = ClipJob(request, clip_key_parts(request, sampling, encoder.model, cache))
    ((features, _, error),) = ClipWorker(encoder, sampling).encode([job])
    assert error == ""
    assert features.tobytes() == clip_features(request, sampling, encoder=encoder, cache=cache)[0].tobytes()


def examples_of(clip: np.ndarray, **options: object) -> Examples:
    backwards = np.array([False, True])
    return Examples(
        [clip], np.zeros(2, np.int64), None, np.zeros(2, np.int32), 3, backwards=backwards, **options
    )


def test_a_window_read_backwards_has_its_flow_exchanged() -> None:
    """Frame t of five has the feature 10 t, flow from before 10 t + 1 and flow from after 10 t + 2."""
    clip = (np.arange(5)[:, None] * 10 + np.arange(3)).astype(np.float16)
    shown = examples_of(clip, num_flow=1).model_inputs(np.arange(2), np.array([1, 1]))["features"]
    assert shown[0].tolist() == [[10, 11, 12], [20, 21, 22], [30, 31, 32]]
    assert shown[1].tolist() == [[30, 32, 31], [20, 22, 21], [10, 12, 11]]
    assert reversed_features(clip[1:4], 1).tolist() == shown[1].tolist()
    plain = examples_of(clip).model_inputs(np.arange(2), np.array([1, 1]))["features"]
    assert plain[1].tolist() == shown[0].tolist()[::-1]
    assert reversed_features(clip, 0).tolist() == clip[::-1].tolist()


def test_frames_there_and_back_look_the_same_in_reverse_with_their_flow() -> None:
    square = np.full((4, 72, 72, 3), 100, np.uint8)
    for number in range(4):
        square[number, 20:40, 10 + 5 * number : 30 + 5 * number] = 200
    there = clip_flow(square)
    assert not looks_the_same(there, 4, FLOW_COLUMNS)
    there_and_back = clip_flow(np.concatenate([square, square[::-1]]))
    assert looks_the_same(there_and_back, 8, FLOW_COLUMNS) and not looks_the_same(there_and_back, 8)


@pytest.mark.parametrize("view", ["shuffle_frames", "single_frame"])
def test_nothing_moves_in_shuffled_or_single_frames(view: str) -> None:
    clip = np.arange(1, 16, dtype=np.float16).reshape(5, 3)
    asked = {"shuffle_frames": False, "single_frame": False, view: True}
    (shown,) = change_view(examples_of(clip, num_flow=1), seed=0, **asked).clips
    assert not shown[:, 1:].any() and set(shown[:, 0]) <= {1, 4, 7, 10, 13}


def test_a_hidden_moment_is_not_seen_in_the_flow_of_its_neighbours() -> None:
    clip = np.ones((6, 3), np.float16)
    clip[2:4] = clip[4, 1] = clip[1, 2] = 100  # all that shows frames 2 and 3
    assert (hide_moment(clip, 2, 4, 1) == 1).all()
    assert not (hide_moment(clip, 2, 4, 0) == 1).all()
    assert hide_moment(clip, 0, 6, 1).tolist() == np.zeros((6, 3)).tolist()


def test_the_layout_of_a_frame() -> None:
    columns = feature_columns(ModelConfig(backbone="tiny", pooling="grid2", motion="both"))
    assert (columns.usual, columns.backbone, columns.flow) == (104, 104 + 4 * 64, FLOW_COLUMNS)
    assert columns.total == 360 + 2 * FLOW_COLUMNS
    blind = ModelConfig(backbone="tiny", motion="flow", video_branch="none")
    assert feature_columns(blind).flow == 0


def test_a_model_of_features_reads_flow_and_one_of_clips_refuses_it() -> None:
    options = {"backbone": "tiny", "video_units": 4, "hidden_units": 4, "motion": "both"}
    network = build_model(3, 20, starts_from="features", **options)
    assert network.input["features"].shape[-1] == 104 + 2 * FLOW_COLUMNS
    assert network.get_layer("video_differences").output.shape[-1] == 2 * (104 + FLOW_COLUMNS)
    with pytest.raises(
        ValueError, match="`motion` must be 'none' or 'difference' for a model that starts from"
    ):
        build_model(3, 20, **options)
    table = layer_table(ModelConfig(num_answers=3, vocabulary_size=20, backbone="tiny", motion="flow"))
    assert set(table["form"]) == {"features"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"motion": "optical"},
            "`motion` must be one of 'none', 'difference', 'flow', 'both', 'flow_alone'. Received",
        ),
        (
            {"motion": "flow", "train_backbone": True},
            "`motion` must be 'none' or 'difference' with train_back",
        ),
        (
            {"motion": "both", "train_backbone": True},
            "Received: motion='both'.*features of a frozen backbone",
        ),
        ({"motion": "flow", "architecture": "c3d"}, "`motion` must be left out with architecture='c3d'"),
        (
            {"motion": "flow", "unfreeze_from": "mixed9"},
            "`motion` must be 'none' or 'difference' with unfreeze_from. Received: motion='flow'",
        ),
    ],
)
def test_flow_is_refused_where_a_model_learns_from_frames(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_input(run_config_from_options({"data": ("x.csv",), **options}))
