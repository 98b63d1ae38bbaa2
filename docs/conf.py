"""The documentation site: these pages, the docstrings, and the notebooks as they were run.

`make docs` builds it. Nothing is executed, nothing loaded from elsewhere; Keras and TensorFlow stay out.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
CHECKOUT = DOCS.parent
sys.path[:0] = [str(DOCS / "site"), str(CHECKOUT)]

import videoqa  # noqa: E402

project = "videoqa"
author = "the videoqa contributors"
project_copyright = "the videoqa contributors, Apache-2.0"
version = release = videoqa.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    # of our own, in `docs/site`
    "outside_pages",
    "start_page",
    "docstrings",
    "api_links",
    "commands",
    "glossary_terms",
]
exclude_patterns = ["site"]
smartquotes = False  # flags keep their hyphens, values in docstrings their straight quotation marks
nitpicky = True
nitpick_ignore_regex = [
    # types of other libraries; their own documentation is not at hand without a network
    (r"py:.*", r"(np|numpy|pd|pandas|keras|os|collections|pathlib)\..*"),
    # types in signatures that have no entry, since nobody makes them by himself
    (r"py:class", r"videoqa\.\w+\..*|FrameEncoder|FrameKeeper"),
]

outside_pages = {
    "benchmarks": "../benchmarks/README.md",
    "changelog": "../CHANGELOG.md",
    "contributing": "../CONTRIBUTING.md",
    **{
        f"notebooks/{path.stem}": f"../notebooks/{path.name}"
        for path in (CHECKOUT / "notebooks").glob("*.ipynb")
    },
}

# Markdown as GitHub reads it; code without a language is commands and what they print
myst_heading_anchors = 4
highlight_language = "none"
nb_execution_mode = "off"
nb_render_image_options = {"alt": "picture that the code above draws"}

# `build_model` is in a module that imports Keras; these also compute with its names, as in `X | None`
networks = ("c3d", "cnn_lstm", "conv_lstm", "devices", "layers")
autodoc_mock_imports = ["keras", "tensorflow", *(f"videoqa.models.{name}" for name in networks)]
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_param = False
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "pydata_sphinx_theme"
html_title = "videoqa"
html_copy_source = False
html_domain_indices = False
html_context = {"default_mode": "auto"}
html_static_path = ["site/static"]
html_css_files = ["site.css"]
templates_path = ["site/templates"]
html_sidebars = {"**": ["all_pages.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "article_header_start": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
