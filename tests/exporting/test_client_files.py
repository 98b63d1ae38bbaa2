"""The client of an export against the library: the same words, the same frames, the same windows."""

import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from videoqa import sample_clip
from videoqa.config import SamplingConfig
from videoqa.evaluation.prediction import windows_of
from videoqa.exporting.client import FILES, WINDOWS, question_tokens
from videoqa.exporting.preprocessing import preprocessing
from videoqa.input_pipeline import Examples
from videoqa.saving import ModelFolder
from videoqa.text.vocabulary import TOKENIZERS, build_vocabulary, tokenize
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.transforms import resize_and_crop

QUESTIONS = (
    "what is he doing?",
    "What’s the man’s dog  doing",
    "cannot he go?!",
    "他穿什么颜色的T恤？",
    "¿qué hace?",
    "Ｗｈａｔ ｉｓ it\u200b？",
    "ผู้ชายทำอะไร",
    "he's got $5.50, hasn't he; the so-called «thing»…",
    "İstanbul mu?",
    "what? why?? (really) [yes] \"no\" 'quoted' -- done.",
)


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_question_has_the_same_ids(tokenizer: str, tmp_path: Path) -> None:
    (tmp_path / "question_tokens.py").write_text(question_tokens(), encoding="utf-8")
    client = module_of(tmp_path / "question_tokens.py")
    vocabulary = replace(build_vocabulary(QUESTIONS[:-1]), tokenizer=tokenizer)
    vocabulary.save(tmp_path / "words.json")
    rules = {"vocabulary": "words.json", "tokenizer": tokenizer, "max_tokens": 12}
    rules |= {"padding_id": 0, "unknown_id": 1}
    for question in QUESTIONS:
        assert client.tokens(question, tokenizer) == tokenize(question, tokenizer)
        wanted = vocabulary.encode([question], max_tokens=12)
        np.testing.assert_array_equal(client.token_ids(question, tmp_path, rules), wanted, strict=True)


@pytest.mark.parametrize(
    "options",
    [
        {"num_frames": 7},
        {"num_frames": 1},
        {"num_frames": 4, "frame_step": 3, "num_test_clips": 3},
        {"num_frames": 90, "frame_step": 2},
        {"num_frames": 90, "frame_step": 1, "short_clips": "loop"},
        {"num_frames": 5, "frames_per_second": 2.5, "max_grid_frames": 6},
        {"num_frames": 8, "frames_per_second": 40.0, "num_test_clips": 2, "short_clips": "loop"},
    ],
    ids=str,
)
def test_a_clip_has_the_same_windows(options: dict, drawn_folder: Callable[..., ModelFolder]) -> None:
    drawn = drawn_folder(task="action", video_branch="mean")
    folder = replace(drawn, config=replace(drawn.config, sampling=SamplingConfig(**options)))
    rules = json.loads(json.dumps(preprocessing(folder, "frames")))
    check_windows(folder, rules)


def test_a_mask_ends_with_the_clip(drawn_folder: Callable[..., ModelFolder]) -> None:
    folder = drawn_folder(
        task="action", architecture="conv_lstm", frame_size=(40, 48), num_frames=60, frame_step=1
    )
    rules = json.loads(json.dumps(preprocessing(folder, "frames")))
    assert not check_windows(folder, rules)["mask"].all()


def check_windows(folder: ModelFolder, rules: dict) -> dict[str, np.ndarray]:
    """Compare the client's inputs with the library's and return them."""
    client = module_of(FILES / WINDOWS)
    sampling, size = folder.config.sampling, folder.config.model.frame_size
    path = sample_clip("waving", seed=3)
    examples = Examples(
        [decode(ClipRequest(path), sampling, frame_size=size).frames], np.zeros(1, np.int64), None,
        np.zeros(1, np.int32), sampling.num_frames, clip_input="clip", short_clips=sampling.short_clips,
        with_mask=folder.config.model.facts.needs_mask,
    )  # fmt: skip
    wanted = examples.model_inputs(*windows_of(examples, np.zeros(1, np.int64), sampling.num_test_clips))
    found = client.windows_of_clip(path, rules)
    assert set(found) == set(wanted) == set(rules["inputs"])
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, strict=True)
    return found


@pytest.mark.parametrize("shape", [(50, 90), (90, 50), (48, 64), (20, 400), (7, 9)])
@pytest.mark.parametrize("size", [(32, 32), (40, 64), (64, 40)])
def test_a_frame_is_cut_in_the_same_way(shape: tuple[int, int], size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    found = module_of(FILES / WINDOWS).resize_and_crop(frame, *size)
    np.testing.assert_array_equal(found, resize_and_crop(frame, size), strict=True)
