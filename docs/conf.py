"""How `make docs` builds the site of these pages (Sphinx): English here, Russian by ru/conf.py. Nothing is fetched."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import site_pages

project = "Reseller"
language = "en"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
# README.md says what is where to a reader of the tree; index.md is the site's.
exclude_patterns = ["README.md", "ru"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Reseller for BILLmanager"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# Samples of the reference are shortened, so that some are no XML.
suppress_warnings = ["misc.highlighting_failure"]
setup = site_pages.setup
