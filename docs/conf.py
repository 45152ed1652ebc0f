"""The site: Sphinx, with notebooks as they were run and tables as tests and benchmarks made them."""

import re

import skprep

project = "skprep"
author = "the skprep developers"
copyright = "the skprep developers, BSD 3-Clause"
version = release = skprep.__version__
html_title = "skprep"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx-mathjax-offline",  # formulas without a network
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_llm.txt",
]
exclude_patterns = ["_build", "_made", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["skprep.css"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 5,
    "logo": {"text": "skprep"},
}
ALONE = ("index", "what_works", "claims", "errors", "numbers", "guarantees", "coming_from", "policy")
html_sidebars = {page: [] for page in (*ALONE, "contributing", "changes")}
html_show_sourcelink = False

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # CI runs them on their own; what is shown is what is committed
nb_merge_streams = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

llms_txt_description = skprep.__doc__.splitlines()[0]
llms_txt_suppress_unknown_node_warnings = [
    "abbreviation",
    "classifier",
    "PassthroughTextElement",
]  # they become plain text
suppress_warnings = ["myst.header"]  # the results of the benchmarks skip a level


def without_blank_lines(app, name, source):
    """Drop the blank line with which doctest wants an example to end."""
    source[0] = re.sub(r"\n\n```\n", "\n```\n", source[0])


def setup(app):
    """Read pages without what only doctest needs."""
    app.connect("source-read", without_blank_lines)
