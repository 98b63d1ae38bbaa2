"""The state of a run: a full disk ends no training, and a model goes on bit for bit where it was."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest

import videoqa
from videoqa.config import RunConfig
from videoqa.training.checkpoints import Checkpoint, newest_checkpoint
from videoqa.training.state import PHASES, Position, RunCheckpoints, restore_arrays, training_arrays

KILOBYTE = np.zeros(256, np.float32)
FAR = Position(3, 7, history=[{"loss": 0.1}] * 3, best_score=(0.5, -1.25), epochs_without_gain=2)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def newest(folder: Path) -> Checkpoint:
    found = newest_checkpoint(folder, progress=False)
    assert found is not None
    return found


def test_what_a_checkpoint_says_of_its_run(tmp_path: Path) -> None:
    checkpoints = RunCheckpoints(tmp_path, RunConfig(), {"data": "d"}, num_tables=1)
    checkpoints.save("blind", FAR, 31, {"model": [KILOBYTE]})
    assert names(tmp_path) == ["0-blind-000000031"]
    checkpoints.save("model", FAR, 4, {"model": [KILOBYTE]})
    state = newest(tmp_path).state
    assert names(tmp_path) == ["0-blind-000000031", "1-model-000000004"]
    assert (state["phase"], state["step"]) == ("model", 4)
    assert (state["hashes"], state["num_tables"]) == ({"data": "d"}, 1)
    assert state["config"]["training"]["epochs"] == RunConfig().training.epochs


def test_a_worker_without_a_folder_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RunCheckpoints(None, RunConfig()).save("model", FAR, 4, {"model": [KILOBYTE]})
    assert names(tmp_path) == []


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_begins_where_the_checkpoint_of_that_phase_was(tmp_path: Path, phase: str) -> None:
    RunCheckpoints(tmp_path, RunConfig()).save(phase, FAR, 31, {})
    resumed = RunCheckpoints(tmp_path, RunConfig(), restored=newest(tmp_path))
    begin_at = Position(history=[{"loss": 0.5}])
    assert resumed.position(phase) == resumed.position(phase, begin_at) == FAR
    assert RunCheckpoints(tmp_path, RunConfig()).position(phase) == Position()
    for other in set(PHASES) - {phase}:
        assert resumed.position(other) == Position()
        assert resumed.position(other, begin_at) == begin_at


def test_a_full_disk_is_said_and_the_older_one_stays(small_disk: Path, capsys) -> None:
    folder = small_disk / "checkpoints"
    checkpoints = RunCheckpoints(folder, RunConfig(), keep=1)
    checkpoints.save("model", Position(1), 10, {"model": [KILOBYTE + 1]})
    assert capsys.readouterr().err == ""
    checkpoints.save("model", Position(2), 20, {"model": [KILOBYTE + 2] * 1000})
    said = capsys.readouterr().err
    assert f"The checkpoint {checkpoints.folder}/1-model-000000020 could not be saved (No space left" in said
    assert "; training goes on, older ones stay." in said
    assert names(folder) == ["1-model-000000010"]
    assert newest(folder).arrays("model")[0].tobytes() == (KILOBYTE + 1).tobytes()
    checkpoints.save("model", Position(3), 30, {"model": [KILOBYTE + 3]})  # there is room again
    assert names(folder) == ["1-model-000000030"]


@pytest.mark.slow
def test_a_run_on_a_full_disk_comes_to_its_end(
    small_set: Path, small_options: dict, small_disk: Path, capsys
) -> None:
    (small_disk / "others").write_bytes(bytes(230_000))  # leaves room for one checkpoint and the model
    run = videoqa.train(small_set / "labels.csv", out=small_disk / "run", **{**small_options, "epochs": 3})
    said = capsys.readouterr().err
    assert "1-model-000000002 could" not in said
    assert "1-model-000000004 could not be saved" in said and "1-model-000000006 could not be saved" in said
    assert len(run.history) == 3
    assert videoqa.load(run.out).folder.metrics["history"] == run.history
    assert newest(run.out / "checkpoints").state["position"]["epoch"] == 1


def trained(seed: int, num_steps: int) -> keras.Model:
    """Return a small model after some steps of Adam, its optimizer built in any case."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.01, weight_decay=0.1), "mse")
    model.optimizer.build(model.trainable_variables)
    for _ in range(num_steps):
        take_step(model)
    return model


def take_step(model: keras.Model) -> None:
    model.train_on_batch(np.arange(15.0, dtype="float32").reshape(5, 3) / 15, np.ones((5, 2), "float32"))


def as_bytes(arrays: Sequence[np.ndarray]) -> list[bytes]:
    return [np.asarray(array).tobytes() for array in arrays]


def state_of(model: keras.Model) -> list[bytes]:
    arrays = training_arrays(model, [model.optimizer], [])
    return as_bytes(arrays["model"]) + as_bytes(arrays["optimizer"])


@pytest.mark.slow
def test_weights_and_slots_come_back_bit_for_bit_and_the_next_step_is_the_same(tmp_path: Path) -> None:
    model, best = trained(seed=1, num_steps=3), [np.array([np.pi, -0.0])]
    arrays = training_arrays(model, [model.optimizer], best)
    RunCheckpoints(tmp_path, RunConfig()).save("model", FAR, 3, arrays)
    again = trained(seed=2, num_steps=1)
    assert state_of(again) != state_of(model)
    assert as_bytes(restore_arrays(newest(tmp_path), again, [again.optimizer])) == as_bytes(best)
    assert state_of(again) == state_of(model)
    assert int(again.optimizer.iterations.numpy()) == 3
    for each in (model, again):
        take_step(each)
    assert state_of(again) == state_of(model)


def test_another_model_is_refused(tmp_path: Path) -> None:
    model = trained(seed=1, num_steps=1)
    arrays = training_arrays(model, [model.optimizer], [])
    arrays["model"] = [array[..., :1] for array in arrays["model"]]
    RunCheckpoints(tmp_path, RunConfig()).save("model", FAR, 1, arrays)
    with pytest.raises(ValueError, match=r"weight shape \(3, 4\) is not compatible"):
        restore_arrays(newest(tmp_path), model, [model.optimizer])


def test_means_are_over_the_rows_that_count() -> None:
    position = Position()
    position.add(
        {"loss_sum": 6.0, "num_correct": 1.0, "weight_sum": 3.0, "regularisation_sum": 0.0, "stop": 0.0}
    )
    position.add(
        {"loss_sum": 2.0, "num_correct": 1.0, "weight_sum": 1.0, "regularisation_sum": 0.0, "stop": 0.0}
    )
    assert position.means() == {"loss": 2.0, "accuracy": 0.5}
    position.end_epoch(position.means())
    assert (position.epoch, position.next_batch) == (1, 0)
    assert position.means() == {"loss": 0.0, "accuracy": 0.0}


@pytest.mark.parametrize("score", [None, (0.5, -1.25)])
def test_a_position_survives_json(score: tuple[float, float] | None) -> None:
    position = Position(3, 7, history=[{"loss": 0.1}], best_score=score, epochs_without_gain=2)
    assert Position.from_dict(json.loads(json.dumps(position.to_dict()))) == position
