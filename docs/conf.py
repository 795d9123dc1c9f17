"""Sphinx configuration for `make docs`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

import striate

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import reference_pages  # noqa: E402  # in tools/
from gallery_figures import save_figures  # noqa: E402  # in this folder

project = "striate"
author = "The striate developers"
version = release = striate.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx.ext.napoleon",
    "text_links",  # in tools/: links from the names of equations and exercises
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "auto_examples/**/*.ipynb"]
suppress_warnings = ["config.cache"]

# The copy button copies code without prompts and output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_use_type_comments = False
add_module_names = False
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = False
napoleon_custom_sections = [("Sources", "notes_style")]
napoleon_use_ivar = True

GALLERIES = [
    folder
    for folder in ("figures", "filters", "template_matching", "networks", "learn")
    if (HERE.parent / "examples" / folder).is_dir()
]
"""Folders of examples, each one a gallery. Those of `learn` belong to the section Learn."""

sphinx_gallery_conf = {
    "examples_dirs": [f"../examples/{folder}" for folder in GALLERIES],
    "gallery_dirs": [f"auto_examples/{folder}" for folder in GALLERIES],
    "filename_pattern": r"/\d\d_",
    # The reference shows the examples that use a name (`minigallery`).
    "backreferences_dir": "auto_examples/backreferences",
    "doc_module": ("striate",),
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": (save_figures,),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 3600,  # seconds; shorter times are not shown
    "remove_config_comments": True,
    # Functions that draw return axes; the page shows the picture, not their name.
    "ignore_repr_types": r"matplotlib\.",
}

# sphinx-mathjax-offline copies MathJax into _static, so that formulas are shown without a network.
mathjax_path = "mathjax/tex-chtml.js"

html_theme = "pydata_sphinx_theme"
html_title = "striate"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "navigation_depth": 3,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
html_static_path = ["_static"]
html_css_files = ["striate.css"]
html_sidebars = {"index": []}


def write_examples(app: Sphinx) -> None:  # noqa: ARG001  # Sphinx gives it
    """Write the page of all examples: the thumbnails of each gallery under its title."""
    if not GALLERIES:  # in a test, which builds one page
        return
    folder = HERE / "auto_examples"
    folder.mkdir(exist_ok=True)
    shown = [gallery for gallery in GALLERIES if gallery != "learn"]
    parts = [(HERE.parent / "examples" / "README.rst").read_text().strip()]
    parts += [
        f".. include:: {gallery}/index.rst\n   :start-after: :orphan:\n   :end-before: .. toctree::"
        for gallery in shown
    ]
    entries = "\n".join(f"   {gallery}/index" for gallery in shown)
    parts.append(f".. toctree::\n   :hidden:\n\n{entries}")
    (folder / "index.rst").write_text("\n\n".join(parts) + "\n")


def write_reference(app: Sphinx) -> None:  # noqa: ARG001  # Sphinx gives it
    """Write docs/reference/api and docs/reference/internals from the docstrings."""
    reference_pages.write(HERE / "reference")


def setup(app: Sphinx) -> None:
    """Write the generated pages before Sphinx reads the pages."""
    app.connect("builder-inited", write_examples)
    app.connect("builder-inited", write_reference)
