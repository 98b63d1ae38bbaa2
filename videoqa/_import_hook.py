"""Does something around the first import of a module, whoever imports it."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Execute = Callable[[ModuleType], None]


class ImportHook(MetaPathFinder):
    """A finder for one top-level module, which the finders behind it find and `load` executes.

    It stays in `sys.meta_path`: others ask whether a module can be found before anyone imports it.

    Args:
        name: the module.
        load: called with the function that executes the module, and the module; it must call that function.
    """

    def __init__(self, name: str, load: Callable[[Execute, ModuleType], None]) -> None:
        self._name, self._load = name, load

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the module; None for other modules, which the next finder looks for."""
        if fullname != self._name:
            return None
        finders = list(sys.meta_path)
        behind = finders[finders.index(self) + 1 :] if self in finders else finders
        specs = (finder.find_spec(fullname, None) for finder in behind if hasattr(finder, "find_spec"))
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(self._load, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec
