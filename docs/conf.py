"""How the pages become a site: once for English, from this folder, and once for Japanese, from `ja/`.

`python tools/docs/build.py` builds both; decisions/0004-the-documentation.md says why it is done so.
"""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

from tatamilab import __version__  # noqa: E402

project = "tatamilab"
version = release = __version__
copyright = "tatamilab, Apache-2.0"
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "other_language",
    "house_docstrings",
    "japanese_search",
    "command_line",
]
exclude_patterns = ["ja", "_extensions"]
locale_dirs = [str(HERE / "_locale")]
templates_path = ["_templates"]
needs_sphinx = "8.2"
suppress_warnings = ["toc.empty_glob"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_custom_sections = [
    ("Attributes", "params_style"),
    *((name, "text") for name in ("Returns", "Yields", "Numerics", "Source")),
]
napoleon_attr_annotations = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "tatamilab"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_domain_indices = False
html_copy_source = False
html_show_sphinx = False
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "language.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
