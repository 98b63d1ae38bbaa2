"""Pages of the site whose files lie outside `docs/`: notebooks, benchmarks, changelog, CONTRIBUTING.

The files keep their places, so links between them lead to them on GitHub as well as on the site.
"""

import os

from sphinx.application import Sphinx
from sphinx.project import Project


class ProjectWithOutsidePages(Project):
    """The pages below `docs/`, and those of `outside_pages` in `conf.py`: page -> path from `docs/`."""

    outside: dict[str, str] = {}

    def discover(self, *arguments, **keywords) -> set[str]:
        """Return the names of all pages."""
        self.docnames = super().discover(*arguments, **keywords) | set(self.outside)
        return self.docnames

    def path2doc(self, filename: str | os.PathLike[str]) -> str | None:
        """Return the page of a file; None: it is not one."""
        path = os.path.normpath(self.srcdir / filename)
        for page, outside in self.outside.items():
            if path == os.path.normpath(self.srcdir / outside):
                return page
        return super().path2doc(filename)

    def doc2path(self, docname: str, absolute: bool):
        """Return the file of a page."""
        if docname not in self.outside:
            return super().doc2path(docname, absolute)
        path = self.srcdir / self.outside[docname]
        return path if absolute else type(path)(self.outside[docname])


def use_outside_pages(app: Sphinx) -> None:
    """Let the site have the pages outside, before any page is looked for."""
    project = ProjectWithOutsidePages(app.srcdir, app.config.source_suffix)
    project.outside = app.config.outside_pages
    project.restore(app.project)
    app.project = app.env.project = project


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("outside_pages", {}, "env")
    app.connect("builder-inited", use_outside_pages)
    return {"parallel_read_safe": True}
