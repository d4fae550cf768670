"""The documentation site: guides, format-spec, decisions, API reference and gallery.

``python -m sphinx -W --keep-going -j2 docs docs/_build`` builds it, without network.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "benchmarks")]

import codec  # noqa: E402

project = "kmcodec"
author = "the authors of kmcodec"
release = version = codec.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "links",
    "measured",
]
exclude_patterns = ["_build", "_ext", "_static", "gallery/*.ipynb"]
templates_path = ["_templates"]
nitpicky = False

# Markdown: links to headings as on code hosts.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

# Pages that are files of the repository's top.
pages_of_the_top = {
    "format-spec.md": "format-spec.md",
    "CHANGELOG.md": "changelog.md",
    "ARCHITECTURE.md": "developing/architecture.md",
    "CONTRIBUTING.md": "developing/contributing.md",
    "benchmarks/README.md": "developing/benchmarks.md",
    "README.md": "index.md",
}

# Reference: docstrings say what types are, and shapes with them.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
maximum_signature_line_length = 88
numpydoc_show_class_members = False  # the template of classes lists them
numpydoc_xref_param_type = False
default_role = "code"
highlight_language = "none"

# Gallery: every script is run.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "acquaintance.Acquaintance",
    "remove_config_comments": True,
    "min_reported_time": 10**6,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "notebook_extensions": set(),  # a script is what a person copies
    "write_computation_times": False,
    "reset_modules": ("matplotlib",),
    "matplotlib_animations": False,
    "image_srcset": ["2x"],
}

html_theme = "pydata_sphinx_theme"
html_title = "kmcodec"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "show_prev_next": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
}
html_sidebars = {"index": [], "changelog": [], "format-spec": []}
copyright = "the authors of kmcodec, BSD 3-Clause"
