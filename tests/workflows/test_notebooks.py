"""Every notebook runs from first cell to last, uses public names only, and is kept without outputs."""

import os
import re
from pathlib import Path

import pytest

import videoqa

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))

nbformat = pytest.importorskip("nbformat", reason="needs nbformat: pip install -e .[test]")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient: pip install -e .[test]")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "01_ask_a_clip.ipynb",
        "02_train_on_your_own_clips.ipynb",
        "03_two_workers.ipynb",
        "04_actions_ucf101.ipynb",
    ]


@pytest.fixture
def kernel_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel write under `tmp_path` only, and import the same package as this process."""
    folders = ("VIDEOQA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    for name in folders:
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    package_parent = str(Path(videoqa.__file__).resolve().parents[1])
    search_path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", search_path)
    monkeypatch.delenv("VIDEOQA_MODEL", raising=False)
    monkeypatch.delenv("MPLBACKEND", raising=False)  # pictures go into the notebook


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_notebook
def test_notebook_runs(path: Path, tmp_path: Path, kernel_environment: None) -> None:
    notebook = nbformat.read(path, as_version=4)
    work = tmp_path / "work"
    work.mkdir()
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    num_pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert num_pictures >= 3, num_pictures


@every_notebook
def test_notebook_uses_public_names_only(path: Path) -> None:
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    used = set(re.findall(r"\bvideoqa\.(\w+)", "\n".join(code)))
    assert used <= set(videoqa.__all__)
    assert not re.findall(r"from videoqa|import videoqa\.", "\n".join(code))


@every_notebook
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.source
    assert path.stat().st_size < 50_000
