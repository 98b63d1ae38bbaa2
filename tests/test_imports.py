"""The rooms of the package: which may import which, what loads when, and what is raised."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import videoqa

PACKAGE = Path(videoqa.__file__).parent
HEAVY = ("tensorflow", "keras", "cv2", "av", "pandas", "nltk", "matplotlib", "numpy")

# A room imports only rooms of a smaller number; CONTRIBUTING.md says what each holds.
LEVELS = {
    "__main__": 11,
    "cli": 10,
    "demo": 9,
    "doctor": 8,
    "web": 8,
    "labeling": 7,
    "training": 7,
    "answering": 6,
    "chat": 6,
    "exporting": 6,
    "reporting": 6,
    "evaluation": 5,
    "launching": 5,
    "extraction": 5,
    "auditing": 4,
    "input_pipeline": 4,
    "saving": 4,
    "features": 3,
    "trust": 3,
    "models": 2,
    "video": 2,
    "text": 2,
    "data": 2,
    "sample": 1,
    "config": 1,
    "_command": 1,
    "_text_normalization": 1,
    "_words": 1,
    "__init__": 0,
}
ONLY_IN = {
    # exporting: in the client of an export, which runs without this package
    "cv2": ("video", "sample", "exporting"),
    "av": ("video",),
    "nltk": ("text",),
    "matplotlib": ("evaluation",),
    "jinja2": ("reporting",),
    "starlette": ("web",),
    "uvicorn": ("web",),
    "prometheus_client": ("web",),
}


def room_of(module: str) -> str:
    """`videoqa.video.decoding` → `video`; a private module of the package itself is its own room."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def level_of(room: str) -> int:
    return LEVELS[room] if room in LEVELS or not room.startswith("_") else 0


@functools.cache
def modules() -> list[tuple[str, Path]]:
    files = sorted(PACKAGE.rglob("*.py"))
    return [(".".join(("videoqa", *file.relative_to(PACKAGE).with_suffix("").parts)), file) for file in files]


@functools.cache
def nodes_of(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text("utf-8"))))


def imported_names(file: Path) -> set[str]:
    names = set()
    for node in nodes_of(file):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the room"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_room_has_a_level():
    rooms = {room_of(module) for module, _ in modules()}
    unknown = {room for room in rooms if not room.startswith("_")} - set(LEVELS)
    assert not unknown, "give these rooms a level here and in CONTRIBUTING.md"


def test_a_room_imports_only_lower_rooms():
    for module, file in modules():
        room = room_of(module)
        for name in imported_names(file):
            if not name.startswith("videoqa."):
                continue
            other = room_of(name)
            if other == room or room == "__init__":
                continue
            public_name = other in videoqa.__all__ and len(name.split(".")) == 2
            if public_name and level_of(room) >= 8:
                continue
            assert not public_name, f"{module} must import {other} from its own module, not from the package"
            assert level_of(other) < level_of(room) or level_of(room) == level_of(other) <= 1, (
                f"{module} (level {level_of(room)}) imports {name} (level {level_of(other)})"
            )


def test_some_libraries_are_used_in_one_room_only():
    for module, file in modules():
        for name in imported_names(file):
            allowed = ONLY_IN.get(name.split(".")[0])
            assert allowed is None or room_of(module) in allowed, f"{module} imports {name}"


def test_what_is_refused_is_told_from_a_failure_inside():
    for module, file in modules():
        for node in nodes_of(file):
            raised = ast.unparse(node.exc) if isinstance(node, ast.Raise) and node.exc else ""
            assert not raised.startswith(("ValueError", "ImportError")), (
                f"{module}, line {node.lineno}: raise `Refusal(name, requirement, received, advice)`, or "
                "another UserError: a command prints any other error with its traceback"
            )


@pytest.mark.parametrize(
    "program",
    [
        "import videoqa; dir(videoqa)",
        "from videoqa.cli.main import main; main(['--help'])",
        "from videoqa.cli.main import main; main(['train', '--help'])",
        "from videoqa.cli.main import main; main(['train'])",
        "import videoqa.web.labeling_serve",
    ],
)
def test_nothing_heavy_is_loaded(program):
    report = "import sys; print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{report}"], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert "videoqa" in loaded
    assert not set(HEAVY) & set(loaded)


def test_every_public_name_resolves_and_is_listed():
    for name in videoqa.__all__:
        assert getattr(videoqa, name) is not None
        assert name in dir(videoqa)


def test_type_checkers_see_the_public_names_where_they_are():
    names = imported_names(PACKAGE / "__init__.py")
    named = {name for name in names if name.startswith("videoqa.") and "._" not in name}
    assert named == {f"{module}.{name}" for name, module in videoqa._HOME_OF_NAME.items()}


def test_an_unknown_name_is_an_attribute_error_that_lists_the_names():
    with pytest.raises(AttributeError, match="no attribute 'tain'.*build_model"):
        _ = videoqa.tain
