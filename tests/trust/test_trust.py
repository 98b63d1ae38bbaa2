"""What a model folder keeps of its limits: read as written, refused by the file's name when it is damaged."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa._manifest import read_json, write_manifest
from videoqa.saving import PARTS_OF_A_FOLDER, load_model_folder
from videoqa.trust.trust import MOST_BYTES, Thresholds, reasons_against

SHIPPED = Path(videoqa.__file__).parent / "shipped_model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the small model in the package, which may be changed."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Change a file and renew the manifest, as someone would who wants the change to go unnoticed."""
    (folder / name).write_bytes(content)
    write_manifest(folder, PARTS_OF_A_FOLDER)


def rewrite_json(folder: Path, change: Callable[[dict], object]) -> None:
    content = read_json(folder / "trust.json")
    change(content)
    rewrite(folder, "trust.json", json.dumps(content).encode())


def rewrite_arrays(folder: Path, **changes: np.ndarray | None) -> None:
    with np.load(SHIPPED / "familiarity.npz") as arrays:
        kept = {name: arrays[name] for name in arrays} | changes
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: value for name, value in kept.items() if value is not None})
    rewrite(folder, "familiarity.npz", buffer.getvalue())


def test_what_is_written_comes_back(folder: Path, tmp_path: Path) -> None:
    trust = load_model_folder(folder).trust
    assert trust is not None and trust.clips is not None
    trust.save(tmp_path)
    assert (tmp_path / "trust.json").read_bytes() == (folder / "trust.json").read_bytes()
    rewrite(folder, "familiarity.npz", (tmp_path / "familiarity.npz").read_bytes())
    again = load_model_folder(folder).trust
    assert again is not None and again.clips is not None and again.questions == trust.questions
    for name, value in trust.clips.arrays().items():
        np.testing.assert_array_equal(again.clips.arrays()[name], value)
    assert (folder / "familiarity.npz").stat().st_size <= MOST_BYTES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.clear(), "lacks 'compares'"),
        (lambda content: content.pop("questions"), "lacks 'questions'"),
        (lambda content: content.pop("sets"), "lacks 'sets'"),
        (lambda content: content["sets"].pop("most_above"), "lacks 'most_above'"),
        (lambda content: content.update(compares="pixels"), "`compares` must be one of 'features', 'hidden'"),
        (lambda content: content.update(sets=[1]), "`sets` must be a JSON object"),
        (lambda content: content.update(questions="what"), "`questions` must be a JSON object"),
        (lambda content: content["sets"].update(most_above=1.5), "`most_above` must be a number from 0 to 1"),
        (lambda content: content["sets"].update(most_above=float("nan")), "`most_above` must be a number"),
        (lambda content: content["sets"].update(num_videos=-1), "`num_videos` must be an integer"),
        (lambda content: content["questions"].update(most_unknown="x"), "`most_unknown` must be a number"),
        (lambda content: content["questions"].update(answers=[1]), "`answers` must be a JSON object"),
        (lambda content: content["questions"]["answers"].update(what=7), "`answers` must hold lists of"),
        (lambda content: content["questions"]["answers"].update(what=["red"]), "`answers` must hold lists"),
    ],
)
def test_trust_json_of_another_kind_is_refused_by_name_and_field(folder, change, message: str) -> None:
    rewrite_json(folder, change)
    with pytest.raises(ValueError, match=rf"trust.json:? {message}.* Copy the folder again"):
        load_model_folder(folder)


def test_whatever_trust_json_holds_is_read_or_refused(folder: Path) -> None:
    """Never a failure inside."""
    places = [(name,) for name in ("compares", "questions", "sets")]
    places += [("questions", name) for name in ("most_unknown", "num_questions", "answers")]
    places += [("sets", name) for name in ("most_above", "num_videos")]
    for *parents, name in places:
        for value in (None, -1, 10**30, True, "x", [1, [2]], {"a": {}}, {"a": [[]]}):
            content = json.loads((SHIPPED / "trust.json").read_text("utf-8"))
            part = content[parents[0]] if parents else content
            part[name] = value
            rewrite(folder, "trust.json", json.dumps(content).encode())
            try:
                load_model_folder(folder)
            except ValueError as error:
                assert "trust.json" in str(error) and (name in str(error) or " lacks " in str(error)), error


@pytest.mark.parametrize("num_bytes", [0, 10, 5_000, -100])
def test_arrays_that_were_cut_off_are_refused_by_name(folder: Path, num_bytes: int) -> None:
    rewrite(folder, "familiarity.npz", (SHIPPED / "familiarity.npz").read_bytes()[:num_bytes])
    with pytest.raises(ValueError, match=r"familiarity.npz cannot be read: .*Copy the folder again"):
        load_model_folder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"center": None}, "center"),
        ({"held_out": np.zeros(0)}, "held_out"),
        ({"held_out": np.array([2.0, 1.0])}, "held_out"),
        ({"held_out": np.array([1.0, np.nan])}, "held_out"),
        ({"scales": np.ones((2, 4))}, "scales"),
        ({"scales": np.zeros((2, 5))}, "scales"),
        ({"basis": np.ones((3, 7))}, "basis"),
        ({"whitening": np.ones((3, 3))}, "whitening"),
        ({"means": np.ones(4)}, "means"),
        ({"kept": np.ones((0, 0))}, "kept"),
        ({"kept_lengths": np.ones(3)}, "kept_lengths"),
        ({"rest": np.ones(2)}, "rest"),
        ({"amounts": np.ones((2, 3))}, "amounts"),
        ({"center": np.full(104, np.inf)}, "center"),
        ({"num_clips": np.array(-3)}, "num_clips"),
        ({"num_clips": np.array(2.5)}, "num_clips"),
        ({"center": np.array(["a"] * 104)}, "could not convert string"),
        ({"center": np.array([{}] * 104, object)}, "Object arrays cannot be loaded"),
    ],
)
def test_arrays_of_another_kind_are_refused_by_name(folder: Path, changes: dict, message: str) -> None:
    rewrite_arrays(folder, **changes)
    with pytest.raises(ValueError, match=rf"familiarity.npz cannot be read: .*{message}"):
        load_model_folder(folder)


def test_arrays_too_large_are_refused_before_memory_is_taken(folder: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("center.npy", bytes(60 * MOST_BYTES))  # 60 kB of file
    rewrite(folder, "familiarity.npz", buffer.getvalue())
    with pytest.raises(ValueError, match=r"familiarity.npz cannot be read: .*62,914,560 bytes"):
        load_model_folder(folder)
    rewrite(folder, "familiarity.npz", bytes(MOST_BYTES + 1))
    with pytest.raises(ValueError, match=r"familiarity.npz must have at most 1,048,576 bytes"):
        load_model_folder(folder)


@pytest.mark.parametrize("number", [4, 103])
def test_arrays_of_another_model_are_refused(folder: Path, number: int) -> None:
    """Of more columns the first would be compared, as before a grid: nobody would notice."""
    with np.load(SHIPPED / "familiarity.npz") as arrays:
        rewrite_arrays(folder, center=arrays["center"][:number], basis=arrays["basis"][:, :number])
    with pytest.raises(
        ValueError, match=rf"familiarity.npz .* {number} numbers; .* 104.*the folder as it was"
    ):
        load_model_folder(folder)


@pytest.mark.parametrize("temperature", [0, -1, 100, "x", True])
def test_a_temperature_out_of_range_is_refused(folder: Path, temperature: object) -> None:
    config = read_json(folder / "config.json") | {"temperature": temperature}
    rewrite(folder, "config.json", json.dumps(config).encode())
    with pytest.raises(ValueError, match=r"config.json: `temperature` must be a number from 0.05 to 20"):
        load_model_folder(folder)


@pytest.mark.parametrize(
    ("probability", "least", "little"),
    [(0.38, 0.5, ""), (0.494, 0.5, ""), (0.4961, 0.5, "a little "), (0.4999, 0.5, "a little "),
     (0.9998, 1.0, "a little "), (0.9939, 0.995, ""), (0.9949, 0.9949001, "")],
)  # fmt: skip
def test_a_reason_does_not_gainsay_the_rounded_guess_beside_it(
    probability: float, least: float, little: str
) -> None:
    """The guess is shown as 50 %: "less than 50 %" alone would read as a mistake."""
    found = reasons_against(
        None, Thresholds(min_probability=least), np.array([probability, 0.001], np.float32), None
    )
    assert found == (f"its best guess has {little}less than {100 * least:g} % probability",)
