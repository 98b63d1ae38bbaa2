"""The wheel: what it holds, and that it answers where there is no checkout."""

import configparser
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

SHIPPED = ("videoqa", "data_specs", "setup.cfg", "pyproject.toml", "LICENSE", "README.md")
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*words, cwd, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**kept, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory) -> Path:
    """Build the wheel from a copy of the source, without network."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        copy = shutil.copytree if (checkout / name).is_dir() else shutil.copy
        copy(checkout / name, source / name)
    words = (
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--skip-dependency-check",
        "--outdir",
        source / "dist",
    )
    run(sys.executable, *words, cwd=source)
    (built,) = (source / "dist").glob("videoqa-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory) -> Path:
    """Install the wheel in an environment that sees this one's libraries, but not its `videoqa`."""
    home = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / BIN / "python"
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    # a .pth line adds the folder alone: the .pth files inside it, an editable install among them, do not run
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(packages) / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    install = (
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        "--force-reinstall",
        wheel,
    )
    run(sys.executable, *install, cwd=home)
    return home


def test_setup_cfg_names_every_package_of_the_source(checkout):
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg")
    named = set(setup["options"]["packages"].split())
    folders = {file.parent.relative_to(checkout) for file in (checkout / "videoqa").rglob("*.py")}
    assert named == {".".join(folder.parts) for folder in folders} | {"videoqa.data_specs"}


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel, checkout):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "py.typed",
        "data_specs/sample.toml",
        "models/weights/tiny.weights.h5",
        "shipped_model/config.json",
        "reporting/report.css",
        "reporting/report.html.jinja",
        "video/frame_page.html",
        "video/frame_page.js",
    ):
        assert f"videoqa/{wanted}" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"videoqa"}
    shipped = [file for file in (checkout / "videoqa" / "shipped_model").rglob("*") if file.is_file()]
    assert {file.relative_to(checkout).as_posix() for file in shipped} <= set(names)
    assert any(name.endswith("LICENSE") for name in names)
    assert wheel.stat().st_size < 20e6


@pytest.mark.slow
def test_the_installed_package_is_not_the_checkout(elsewhere, checkout):
    code = "import sys, json, videoqa; print(json.dumps([videoqa.__file__, *sys.path]))"
    package, *path = json.loads(run(elsewhere / BIN / "python", "-c", code, cwd=elsewhere))
    assert Path(package).is_relative_to(elsewhere)
    assert str(checkout) not in path


@pytest.mark.slow
def test_installed_elsewhere_it_reads_its_dataset_descriptions(elsewhere):
    code = (
        "import importlib.resources, json, tomllib\n"
        "text = importlib.resources.files('videoqa.data_specs').joinpath('sample.toml').read_text('utf-8')\n"
        "print(json.dumps(tomllib.loads(text)))"
    )
    spec = json.loads(run(elsewhere / BIN / "python", "-c", code, cwd=elsewhere))
    assert spec["name"] == "sample"
    assert spec["licence"]


@pytest.mark.slow
def test_installed_elsewhere_it_answers_with_the_shipped_model(elsewhere, tmp_path):
    home = {"VIDEOQA_HOME": str(tmp_path / "home")}
    code = "import videoqa; print(videoqa.sample_clip('loading', seed=12345))"
    clip = run(elsewhere / BIN / "python", "-c", code, cwd=tmp_path, **home).strip()
    text = run(elsewhere / BIN / "videoqa", "ask", clip, "what is he doing?", "--json", cwd=tmp_path, **home)
    answer = json.loads(text)
    assert answer["text"].startswith("load")
    assert 0.5 < answer["probability"] <= 1
    assert any("drawn" in note for note in answer["notes"])


@pytest.mark.slow
def test_both_programs_are_installed(elsewhere):
    train = run(elsewhere / BIN / "videoqa-train", "--help", cwd=elsewhere)
    assert train == run(elsewhere / BIN / "videoqa", "train", "--help", cwd=elsewhere)
