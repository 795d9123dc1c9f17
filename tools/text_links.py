"""A Sphinx extension: names of equations, figures and exercises become links on any page.

"Hagan 8.20, 8.38-8.41" links each number to its place on the page of equations, and "E8.7" links to
the exercise. This works in pages, docstrings and examples alike, without markup. Literals, headings
and existing links are left alone.

The extension also removes links that Sphinx makes by mistake. Sphinx looks up the names in a
"Returns" or "Attributes" section as if they were classes; it would link a value ``weights`` to some
attribute of that name, or warn if there are several.
"""

import re
from functools import cache

from docutils import nodes
from mentions import mentions
from reference_pages import public_names
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

# Inside these nodes, text stays as it is.
UNLINKED = (
    nodes.literal,
    nodes.literal_block,
    nodes.title,
    nodes.reference,
    nodes.raw,
    nodes.math,
    nodes.math_block,
    nodes.comment,
    nodes.image,
    pending_xref,
)

logger = logging.getLogger(__name__)


def add_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn mentions into links, in one page."""
    env = app.env
    for node in list(doctree.findall(nodes.Text)):
        found = mentions(node.astext())
        if not found or _is_inside(node, UNLINKED):
            continue
        text, at, parts = node.astext(), 0, []
        for one in found:
            link = _link(app, env, docname, one.label, text[one.start : one.end])
            parts += [nodes.Text(text[at : one.start]), link]
            at = one.end
        parts.append(nodes.Text(text[at:]))
        node.parent.replace(node, [part for part in parts if part.astext()])


def _link(app: Sphinx, env: BuildEnvironment, docname: str, label: str, text: str) -> nodes.Node:
    """Return a link to a label; plain text if it is on the same page."""
    labels = env.domains.standard_domain.labels
    if label not in labels:
        # Not every figure has a drawing. A build without the page of equations has no labels.
        if "-figure-" not in label and labels.keys() & {"hagan-8.1"}:
            logger.warning("no label %r for the text %r", label, text, location=docname)
        return nodes.Text(text)
    target, anchor, _ = labels[label]
    if target == docname:
        uri = f"#{anchor}"
    else:
        uri = f"{app.builder.get_relative_uri(docname, target)}#{anchor}"
    return nodes.reference("", text, internal=True, refuri=uri, classes=["text-link"])


def _is_inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Return whether a node is inside a node of certain kinds."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def link_public_names(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element
) -> nodes.Node | None:
    """Link the name that an object has in its module to the page about its public name.

    A docstring in ``striate.maths.columns`` may call ``striate.maths.im2col`` just ``im2col``.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    names = _names()
    for name in (target, f"{node.get('py:module')}.{target}"):
        owner, _, member = name.rpartition(".")
        public = names.get(name) or (f"{names[owner]}.{member}" if owner in names else None)
        if public:
            return env.domains.python_domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", public, node, contnode
            )
    if target.startswith("striate."):
        logger.warning("no documentation of %r", target, location=node)
    return None


@cache
def _names() -> dict[str, str]:
    return public_names()


def remove_false_links(app: Sphinx, doctree: nodes.document) -> None:  # noqa: ARG001  # Sphinx
    """Replace links from names in "Returns" and "Attributes" sections by the names."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") == "py" and node.get("refspecific") and _is_a_value(node):
            node.parent.replace(node, node.children)


def _is_a_value(node: pending_xref) -> bool:
    """Return whether a target is written like a value, ``weights``, and not like a class."""
    written = re.fullmatch(r"[a-z_]\w*", node.get("reftarget", ""))
    return node.get("reftype") in {"class", "obj"} and written is not None


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the links after Sphinx has resolved its own."""
    app.connect("doctree-read", remove_false_links)
    app.connect("missing-reference", link_public_names)
    app.connect("doctree-resolved", add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
