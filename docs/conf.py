"""Sphinx configuration for `make docs`."""

import inspect
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from sphinx.application import Sphinx

import striate

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

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
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": (save_figures,),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
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

PACKAGES = {
    "striate.model": "Model",
    "striate.graph.layers": "Layers",
    "striate.data": "Data",
    "striate.matching": "Template matching",
    "striate.training": "Training",
    "striate.recipes": "Recipes",
    "striate.functions.weight": "Weight functions",
    "striate.functions.net_input": "Net input functions",
    "striate.functions.transfer": "Transfer functions",
    "striate.functions.normalization": "Normalization",
    "striate.functions.loss": "Losses",
    "striate.functions.optimizer": "Optimizers",
    "striate.functions.schedule": "Schedules",
    "striate.functions.initializer": "Initializers",
    "striate.maths": "Mathematics",
    "striate.graph": "Graph",
    "striate.nests": "Nests",
    "striate.compile": "Compiling",
    "striate.plan": "Plans",
    "striate.engine": "The compiled engine",
    "striate.llvm": "Machine code",
    "striate.runtime": "Running programs",
    "striate.explain": "Explaining programs",
    "striate.bench": "Benchmarks",
}
"""Packages with a page in the reference: first those that users need, then the internal ones."""


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
    """Write docs/reference/api: one page per package, with the docstrings of its modules."""
    folder = HERE / "reference" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    names = [name.removeprefix("striate.") for name in PACKAGES]
    toc = "\n".join(names)
    (folder / "index.md").write_text(
        "# API reference\n\n"
        "One page per package, generated from the docstrings. The [public names](../public-api.md) "
        "are those that users need; everything else is internal.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{toc}\n```\n"
    )
    for package, title in PACKAGES.items():
        module = import_module(package)
        parts = [f"# {title}"]
        if not hasattr(module, "__path__"):
            parts.append(_contents(package))
        else:
            parts.append(inspect.getdoc(module) or "")
            for found in iter_modules(module.__path__, f"{package}."):
                if not found.ispkg and found.name not in PACKAGES:
                    parts.append(f"## {found.name.removeprefix(f'{package}.')}")
                    parts.append(_contents(found.name))
        (folder / f"{package.removeprefix('striate.')}.md").write_text("\n\n".join(parts) + "\n")


def _contents(module: str) -> str:
    """Return the directive that documents a module and its members."""
    directive = f".. automodule:: {module}\n   :members:\n   :show-inheritance:"
    return f"```{{eval-rst}}\n{directive}\n```"


def setup(app: Sphinx) -> None:
    """Write the generated pages before Sphinx reads the pages."""
    app.connect("builder-inited", write_examples)
    app.connect("builder-inited", write_reference)
