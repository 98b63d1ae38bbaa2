"""The documentation site: it is built without a warning, every link resolves, every public name is there."""

import argparse
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import videoqa
from videoqa.cli.main import build_parser

CHECKOUT = Path(__file__).resolve().parents[2]
NAMES = [name for name in videoqa.__all__ if name != "__version__"]

for library, package in (("sphinx", "sphinx"), ("myst_nb", "myst-nb"), ("pydata_sphinx_theme", "its theme")):
    pytest.importorskip(library, reason=f"needs {package}: pip install -e .[docs]")

spec = importlib.util.spec_from_file_location("check_pages", CHECKOUT / "docs" / "site" / "check_pages.py")
check_pages = importlib.util.module_from_spec(spec)
sys.modules["check_pages"] = check_pages
spec.loader.exec_module(check_pages)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does; a warning fails it."""
    folder = tmp_path_factory.mktemp("site")
    words = ("-q", "-E", "-W", "--keep-going", "-n", "-d", folder / "doctrees", "docs", folder / "html")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *map(str, words)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr[-4000:]
    return folder / "html"


def test_every_link_anchor_and_picture_resolves_and_every_page_has_a_title(site: Path) -> None:
    assert check_pages.problems_of(site) == []


def test_every_public_name_has_an_entry_with_a_docstring(site: Path) -> None:
    pages = "".join(page.read_text("utf-8") for page in (site / "reference").glob("*.html"))
    entries = {
        name: re.search(rf'<dt class="[^"]*" id="videoqa\.{name}">.*?</dt>\s*<dd><p>\w', pages, re.S)
        for name in NAMES
    }
    assert [name for name, entry in entries.items() if entry is None] == []


def test_every_command_has_a_section_that_pages_lead_to(site: Path) -> None:
    pages = check_pages.read_pages(site)
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    sections = pages[site / "reference" / "commands.html"].addresses
    assert {f"videoqa-{name}" for name in commands.choices} <= sections
    assert ("a", "reference/commands.html#videoqa-sheet") in pages[site / "gallery.html"].links


def test_every_notebook_is_there_with_its_pictures(site: Path) -> None:
    notebooks = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))
    pages = [site / "notebooks" / f"{notebook.stem}.html" for notebook in notebooks]
    assert [page.name for page in pages if page.read_text("utf-8").count('<img alt="') < 3] == []


def test_the_start_page_leads_to_every_page(site: Path) -> None:
    pages = check_pages.read_pages(site)
    written = {file.relative_to(site).as_posix() for file in pages}
    reached = {address.partition("#")[0] for tag, address in pages[site / "index.html"].links if tag == "a"}
    assert written - reached - {"index.html", "search.html"} == set()


def test_flags_keep_their_hyphens(site: Path) -> None:
    pages = {page.relative_to(site): page.read_text("utf-8") for page in site.rglob("*.html")}
    assert [str(page) for page, text in pages.items() if re.search(r"[ >(]–[a-z]", text)] == []


def test_a_word_leads_to_its_place_in_the_glossary(site: Path) -> None:
    links = {address for _, address in check_pages.read_pages(site)[site / "own_clips.html"].links}
    assert "glossary.html#term-group" in links


def test_what_is_wrong_with_a_page_is_found(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text("<title>Good</title><h1 id='here'>Good</h1>")
    (tmp_path / "bad.html").write_text(
        "<title> </title><a href='absent.html'></a><a href='good.html#there'></a>"
        "<a href='good.html#here'></a><img src='data:,'><a href='https:/example'></a>"
        "<script src='https://example.org/a.js'></script>",
        "utf-8",
    )
    assert check_pages.problems_of(tmp_path) == [
        "bad.html: a picture without words for it: data:,",
        "bad.html: it has no title",
        "bad.html: absent.html leads nowhere",
        "bad.html: good.html#there leads to no place of that page",
        "bad.html: https:/example is no address",
        "bad.html: https://example.org/a.js is loaded from elsewhere",
    ]
