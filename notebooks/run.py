"""Runs the notebooks and keeps their outputs, so that a reader on the web sees what they show.

    make notebooks                          # all
    python notebooks/run.py notebooks/01_ask_a_clip.ipynb

Each runs in a temporary folder with a home of its own. Text, tables and pictures of drawn clips are kept; the
folder's name and what went to stderr are not.
"""

import hashlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat

FOLDER = Path(__file__).resolve().parent
PRIVATE = ("VIDEOQA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
SOONER = "__import__('videoqa._collector')._collector.leave_out_tensorflow()"
"""What each kernel runs first: TensorFlow loads in half the time. No name is left for the notebook."""

SOURCES = "sources_sha256"
"""Key of the notebook's metadata: the code that its outputs came from."""

EPOCHS = re.compile(r'(\bepochs"?\s*[=:]\s*)(\d+)')


def sources_sha256(notebook: Any) -> str:
    """Return the hash of all code cells, in order."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(code).encode("utf-8")).hexdigest()


def execute(path: Path, folder: Path, *, epochs_divided_by: int = 1) -> Any:
    """Return a notebook run from its first cell to its last in `folder`, without what went to stderr.

    Args:
        path: of the notebook.
        folder: to work in.
        epochs_divided_by: a test proves that every cell runs with fewer epochs than a reader is shown.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells if epochs_divided_by > 1 else ():
        cell.source = EPOCHS.sub(
            lambda found: found[1] + str(int(found[2]) // epochs_divided_by), cell.source
        )
    work = folder / "work"
    work.mkdir()
    environment = {name: str(folder / name.lower()) for name in PRIVATE}
    startup = Path(environment["IPYTHONDIR"], "profile_default", "startup")
    startup.mkdir(parents=True)
    (startup / "sooner.py").write_text(SOONER)
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(FOLDER.parent), os.environ.get("PYTHONPATH")])
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("VIDEOQA_MODEL", "MPLBACKEND")}
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(work)}},
    )
    client.execute(env=kept | environment)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                _without_folder(output, f"{work}/")
                for output in cell.outputs
                if output.get("name") != "stderr"
            ]
            cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata[SOURCES] = sources_sha256(notebook)
    return notebook


def _without_folder(output: Any, folder: str) -> Any:
    """Return an output in which paths begin in the notebook's own folder."""
    text = json.dumps(output).replace(json.dumps(folder)[1:-1], "")
    return nbformat.from_dict(json.loads(text))


def outline(notebook: Any) -> list[list[tuple[str, ...]]]:
    """Return what kind of output each code cell has: the same on every machine, whatever the figures say."""
    return [
        [(output.output_type, *sorted(output.get("data", {}))) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def main() -> None:
    """Run the notebooks that are named, or all, and write them back."""
    for path in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(path, Path(folder))
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
