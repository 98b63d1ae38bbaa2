"""Registers the layers of saved models with Keras when Keras is imported, and not before."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LAYER_MODULES = ("videoqa.models.dropout", "videoqa.models.layers")
"""Modules with classes that a `.keras` file may name."""


def register_with_keras() -> None:
    """Let `keras.models.load_model` find our layers, whichever of `videoqa` and `keras` is imported first."""
    if "keras" in sys.modules:
        _import_layers()
    elif not any(isinstance(finder, _KerasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _KerasFinder())


def _import_layers() -> None:
    for name in LAYER_MODULES:
        importlib.import_module(name)


class _KerasFinder(MetaPathFinder):
    """Finds `keras` as everyone does, with a loader that imports our layers behind it.

    It stays where it is: others ask whether `keras` can be found before anyone imports it.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of `keras` with the longer loader; None for other modules."""
        if fullname != "keras":
            return None
        spec = found_by_others(self, fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_both(module: ModuleType) -> None:
                load(module)
                _import_layers()

            spec.loader.exec_module = load_both  # type: ignore[method-assign]
        return spec


def found_by_others(finder: object, name: str) -> ModuleSpec | None:
    """Return the spec of a top-level module as the finders behind `finder` in `sys.meta_path` find it."""
    finders = list(sys.meta_path)
    behind = finders[finders.index(finder) + 1 :] if finder in finders else finders
    specs = (other.find_spec(name, None) for other in behind if hasattr(other, "find_spec"))
    return next((spec for spec in specs if spec is not None), None)
