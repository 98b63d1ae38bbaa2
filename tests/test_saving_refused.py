"""Model folders that were tampered with or cut off: one sentence names the file, before memory is taken."""

import json
import os
import resource
import shutil
from pathlib import Path

import pytest

import videoqa
from videoqa._manifest import MANIFEST, read_json, write_manifest
from videoqa.saving import PARTS_OF_A_FOLDER, load_model_folder

SHIPPED = Path(videoqa.__file__).parent / "shipped_model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the small model in the package, which may be changed."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def rewrite(folder: Path, name: str, content: str | bytes) -> None:
    """Change a file and renew the manifest, as someone would who wants the change to go unnoticed."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    write_manifest(folder, PARTS_OF_A_FOLDER)


def change(folder: Path, part: str, field: str, value: object) -> None:
    config = json.loads((SHIPPED / "config.json").read_text())
    config[part][field] = value
    rewrite(folder, "config.json", json.dumps(config))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (None, "metrics.json: num_tables must be a number. Received: nothing"),
        ({"num_tables": ...}, "metrics.json: num_tables must be a number. Received: nothing"),
        ({"groups": ...}, "metrics.json: groups must be an object. Received: nothing"),
        ({"history": {}}, "metrics.json: history must be a list. Received: {}"),
        ({"majority_answers": "yes"}, "metrics.json: majority_answers must be an object. Received: 'yes'"),
        ({"num_tables": True}, "metrics.json: num_tables must be a number. Received: True"),
    ],
)
def test_metrics_without_what_every_training_writes_are_refused(
    folder: Path, changes: dict | None, message: str
) -> None:
    metrics = {} if changes is None else read_json(folder / "metrics.json") | changes
    kept = {name: value for name, value in metrics.items() if value is not ...}
    rewrite(folder, "metrics.json", json.dumps(kept))
    with pytest.raises(ValueError, match=f"{message}. Copy the folder again, or train again"):
        load_model_folder(folder)


@pytest.mark.parametrize("name", ["model.weights.h5", "answers.json", MANIFEST])
def test_what_is_no_regular_file_is_refused_before_it_is_read(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=f"{name} must be a regular file"):
        load_model_folder(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ValueError, match=f"{name} must be a regular file"):
        load_model_folder(folder)


def test_a_file_that_is_linked_is_read(folder: Path, tmp_path: Path) -> None:
    """As caches of models hold them."""
    shutil.move(folder / "model.weights.h5", tmp_path / "blob")
    (folder / "model.weights.h5").symlink_to(tmp_path / "blob")
    load_model_folder(folder)


@pytest.mark.parametrize("name", ["model.weights.h5", "answers.json"])
def test_a_file_too_large_is_refused_before_it_is_read(folder: Path, name: str) -> None:
    os.truncate(folder / name, 2**40)  # sparse: it takes no room
    with pytest.raises(ValueError, match=rf"{name} must have at most .* 1,099,511,627,776 bytes"):
        load_model_folder(folder)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "C:\\secret", "a\\..\\..\\b"])
def test_an_entry_outside_the_folder_is_called_that(folder: Path, name: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"][name] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="MANIFEST.json was changed: it lists .*, outside the folder"):
        load_model_folder(folder)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000, '{"a": ' + "9" * 5000 + "}"],
)
def test_json_that_is_no_file_of_ours_is_refused_by_name(folder: Path, text: str) -> None:
    rewrite(folder, "config.json", text)
    with pytest.raises(ValueError, match=r"config.json is (nested too deeply|no JSON file)"):
        load_model_folder(folder)
    (folder / "deep.json").write_text(text)
    with pytest.raises(ValueError, match=r"deep.json is (nested too deeply|no JSON file)"):
        read_json(folder / "deep.json")


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("model", "hidden_units", 10**9),
        ("model", "video_units", 10**9),
        ("model", "vocabulary_size", 10**9),
        ("model", "num_answers", 10**9),
        ("model", "frame_size", [8000, 8000]),
        ("sampling", "max_grid_frames", 10**12),
        ("sampling", "num_frames", 10**9),
    ],
)
def test_absurd_values_are_refused_with_file_and_field(folder: Path, part: str, field: str, value) -> None:
    change(folder, part, field, value)
    with pytest.raises(ValueError, match=rf"config.json: `{field}` must be an integer .*Received"):
        load_model_folder(folder)


def test_whatever_a_configuration_holds_is_read_or_refused(folder: Path) -> None:
    """Never a failure inside; the configuration alone, without its weights."""
    config = json.loads((SHIPPED / "config.json").read_text())
    wrong = (None, -1, 10**30, "x", [1, [2]], {"a": {}})
    changes = [
        (part, field) for part, fields in config.items() if isinstance(fields, dict) for field in fields
    ]
    for part, field in [*changes, *((part, None) for part in config)]:
        for value in wrong:
            changed = json.loads(json.dumps(config))
            if field is None:
                changed[part] = value
            else:
                changed[part][field] = value
            rewrite(folder, "config.json", json.dumps(changed))
            try:
                load_model_folder(folder)
            except (ValueError, FileNotFoundError) as error:
                assert any(word in str(error) for word in ("config.json", str(folder), str(field))), error


def test_widths_that_the_weights_are_not_of_take_no_memory(folder: Path) -> None:
    load_model_folder(folder).build()  # loads TensorFlow, which takes memory of its own
    for field in ("hidden_units", "video_units"):
        change(folder, "model", field, 65_536)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(
            ValueError,
            match=rf"model.weights.h5 does not fit config.json.*'{field}': 65536.* 633,623 weights",
        ):
            load_model_folder(folder).build()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


@pytest.mark.parametrize("num_bytes", [0, 100, 10_000, -1000])
def test_weights_that_were_cut_off_are_refused_by_name(folder: Path, num_bytes: int) -> None:
    rewrite(folder, "model.weights.h5", (SHIPPED / "model.weights.h5").read_bytes()[:num_bytes])
    with pytest.raises(ValueError, match=r"model.weights.h5 (is no whole file of weights|does not fit)"):
        load_model_folder(folder).build()
