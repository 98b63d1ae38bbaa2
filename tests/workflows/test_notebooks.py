"""Every notebook runs from first cell to last, uses public names only, and is kept with its outputs."""

import importlib.util
import re
from pathlib import Path

import pytest

import videoqa

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))

nbformat = pytest.importorskip("nbformat", reason="needs nbformat: pip install -e .[test]")
pytest.importorskip("nbclient", reason="needs nbclient: pip install -e .[test]")

spec = importlib.util.spec_from_file_location("run_notebooks", CHECKOUT / "notebooks" / "run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "01_ask_a_clip.ipynb",
        "02_train_on_your_own_clips.ipynb",
        "03_two_workers.ipynb",
        "04_actions_ucf101.ipynb",
        "05_why_that_answer.ipynb",
        "06_order_in_time.ipynb",
        "07_correct_and_retrain.ipynb",
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_notebook
def test_notebook_runs_and_shows_what_is_kept_of_it(path: Path, tmp_path: Path) -> None:
    notebook, kept = run.execute(path, tmp_path, epochs_divided_by=4), nbformat.read(path, as_version=4)
    assert run.outline(notebook) == run.outline(kept), "the kept outputs are others: make notebooks"
    num_pictures = sum("image/png" in kinds for cell in run.outline(notebook) for kinds in cell)
    assert num_pictures >= 3, num_pictures


@every_notebook
def test_notebook_uses_public_names_only(path: Path) -> None:
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    used = set(re.findall(r"\bvideoqa\.(\w+)", "\n".join(code)))
    assert used <= set(videoqa.__all__)
    assert not re.findall(r"from videoqa|import videoqa\.", "\n".join(code))


@every_notebook
def test_notebook_is_kept_with_the_outputs_of_its_code(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata[run.SOURCES] == run.sources_sha256(notebook), "its code changed: make notebooks"
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert "error" not in kinds and "display_data" in kinds
    text = path.read_text("utf-8")
    assert not re.search(r"/tmp/|/home/|/root/|\\\\Users", text), "a path of some machine"
    assert path.stat().st_size < 600_000
