"""The Russian half of the site: its pages are in this folder, all else as in ../conf.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "scripts"))

import site_pages

project = "Reseller"
language = "ru"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Reseller для BILLmanager"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# Samples of the reference are shortened, so that some are no XML.
suppress_warnings = ["misc.highlighting_failure"]
setup = site_pages.setup
