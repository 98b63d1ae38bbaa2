"""A model folder: what is written comes back; what was changed or does not fit is refused."""

import dataclasses
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from videoqa._manifest import MANIFEST, write_manifest
from videoqa.saving import PARTS_OF_A_FOLDER, load_model_folder, save_model_folder


@pytest.fixture()
def folder(question_run: Path, tmp_path: Path) -> Path:
    """Return a copy of a model folder that may be changed."""
    return Path(shutil.copytree(question_run, tmp_path / "model"))


def rewrite(folder: Path, name: str, change) -> None:
    """Change a JSON file of a model folder and renew the manifest, as an editor of the folder would."""
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content), "utf-8")
    write_manifest(folder, PARTS_OF_A_FOLDER)


def test_a_folder_holds_the_contracts_files(question_run: Path) -> None:
    listed = set(json.loads((question_run / MANIFEST).read_text())["sha256"])
    assert listed == {
        "config.json",
        "question_vocabulary.json",
        "answers.json",
        "model.weights.h5",
        "metrics.json",
        "question_prior.json",
        "trust.json",
        "familiarity.npz",
        "blind/MANIFEST.json",
    }
    assert not list(question_run.rglob("*.pkl")) and not list(question_run.glob(".*"))


def test_configuration_and_weights_come_back(question_run: Path) -> None:
    loaded = load_model_folder(question_run)
    assert loaded.config.model.num_answers == len(loaded.answers) == 5
    assert loaded.config.model.frame_size == (96, 96)
    first, second = loaded.build().get_weights(), loaded.build().get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert loaded.blind is not None and loaded.blind.config.model.video_branch == "none"


@pytest.mark.parametrize("name", ["config.json", "answers.json", "model.weights.h5", "blind/MANIFEST.json"])
def test_a_changed_byte_is_refused_with_both_sums(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"was changed: its sha256 is \w{64}, MANIFEST.json says \w{64}"):
        load_model_folder(folder)


def test_a_changed_blind_model_is_refused(folder: Path) -> None:
    with open(folder / "blind" / "model.weights.h5", "ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"blind.model.weights.h5 was changed"):
        _ = load_model_folder(folder).blind


def test_a_missing_part_is_refused(folder: Path) -> None:
    (folder / "answers.json").unlink()
    with pytest.raises(FileNotFoundError, match="answers.json is missing, but MANIFEST.json lists it"):
        load_model_folder(folder)


def test_an_unfinished_run_is_refused(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(FileNotFoundError, match="be a complete model folder, with a MANIFEST.json"):
        load_model_folder(folder)


def test_a_manifest_without_sums_is_refused(folder: Path) -> None:
    (folder / MANIFEST).write_text("{}")
    with pytest.raises(ValueError, match="MANIFEST.json was changed: it lists no sha256"):
        load_model_folder(folder)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="`model` must be an existing directory"):
        load_model_folder(tmp_path / "nothing")


def test_parts_that_disagree_are_refused_with_both_sides(folder: Path) -> None:
    rewrite(folder, "answers.json", lambda content: content["answers"].append("dancing"))
    with pytest.raises(ValueError, match="config.json says num_answers=5, answers.json holds 6"):
        load_model_folder(folder)


def test_weights_of_another_width_are_refused_with_both_sides(folder: Path) -> None:
    rewrite(folder, "config.json", lambda content: content["model"].update(video_units=17))
    with pytest.raises(ValueError, match="model.weights.h5 does not fit config.json beside it"):
        load_model_folder(folder).build()


def test_weights_that_are_not_finite_are_refused(folder: Path) -> None:
    with h5py.File(folder / "model.weights.h5", "r+") as file:
        file["layers/dense_1/vars/1"][0] = np.nan
    write_manifest(folder, PARTS_OF_A_FOLDER)
    with pytest.raises(
        ValueError, match="Weights of layer 'answer' .* are not finite: its training diverged"
    ):
        load_model_folder(folder).build()


def test_another_backbone_is_refused_with_both_sides(folder: Path) -> None:
    rewrite(folder, "config.json", lambda content: content["backbone"].update(weights_sha256="0" * 64))
    with pytest.raises(ValueError, match=r"was trained with the backbone .*0000.*the one found here is"):
        load_model_folder(folder)


def test_a_field_of_a_newer_version_is_refused_by_name(folder: Path) -> None:
    rewrite(folder, "config.json", lambda content: content["model"].update(memory_tokens=4))
    with pytest.raises(ValueError, match=r"written by videoqa .*Unknown fields: model.memory_tokens"):
        load_model_folder(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    rewrite(folder, "config.json", lambda content: content.update(format_version=99, videoqa_version="9.0"))
    with pytest.raises(ValueError, match=r"written by videoqa 9.0 \(format_version 99\)"):
        load_model_folder(folder)


def test_format_1_is_read_but_for_c3d_whose_output_layer_was_another(folder: Path) -> None:
    rewrite(folder, "config.json", lambda content: content.update(format_version=1))
    load_model_folder(folder)
    rewrite(folder, "config.json", lambda content: content["model"].update(architecture="c3d"))
    with pytest.raises(ValueError, match=r"\(format_version 1\), whose c3d had a ReLU.* Train again"):
        load_model_folder(folder)


def test_every_configuration_field_is_written(question_run: Path) -> None:
    content = json.loads((question_run / "config.json").read_text())
    config = load_model_folder(question_run).config
    for part, values in dataclasses.asdict(config).items():
        assert set(values) == set(content[part])


def test_a_folder_that_is_written_anew_keeps_its_model_until_that_is_done(folder: Path) -> None:
    """A finished run that was resumed for more epochs and could not be saved."""
    before = load_model_folder(folder)
    parts = {"vocabulary": before.vocabulary, "answers": before.answers}
    with pytest.raises(TypeError, match="not JSON serializable"):
        save_model_folder(folder, before.build(), before.config, **parts, metrics={"loss": object()})
    assert load_model_folder(folder).metrics == before.metrics and not list(folder.glob(".*"))


def _other_architecture(content: dict, architecture: str) -> None:
    content["model"] |= {"architecture": architecture, "backbone": None, "backbone_weights": None}
    content["model"]["frame_size"] = [40, 40]


@pytest.mark.slow
def test_an_architecture_that_the_folder_is_not_of_is_refused(action_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(action_run, tmp_path / "model"))
    rewrite(folder, "config.json", lambda content: _other_architecture(content, "c3d"))
    with pytest.raises(ValueError, match="says architecture='c3d', which has no backbone, and names the"):
        load_model_folder(folder)
    rewrite(folder, "config.json", lambda content: content.update(backbone={}))
    with pytest.raises(ValueError, match=r"model.weights.h5 does not fit config.json.*'architecture': 'c3d'"):
        load_model_folder(folder).build()
