"""Every command with its flags, as `--help` prints them; code such as `videoqa train` leads there."""

import argparse
import os
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from videoqa.cli.main import build_parser

COMMAND = re.compile(r"videoqa[ -]([a-z-]+)\b.*", re.S)
WIDTH = "88"
"""Columns of the help texts."""


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of a parser by their names."""
    actions = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return {name: command for action in actions for name, command in action.choices.items()}


class Commands(SphinxDirective):
    """A section for each command with the text of its `--help`, and in it one for each command of its own."""

    def run(self) -> list[nodes.Node]:
        return self._sections("videoqa", build_parser())

    def _sections(self, before: str, parser: argparse.ArgumentParser) -> list[nodes.Node]:
        return [self._section(f"{before} {name}", each) for name, each in commands_of(parser).items()]

    def _section(self, title: str, parser: argparse.ArgumentParser) -> nodes.section:
        address, text = nodes.make_id(title), parser.format_help()
        section = nodes.section(ids=[address], names=[title])
        section += nodes.title(title, title)
        section += nodes.literal_block(text, text, language="none")
        section += self._sections(title, parser)
        standard = self.env.get_domain("std")
        standard.labels[address] = self.env.docname, address, title
        standard.anonlabels[address] = self.env.docname, address
        return section


def link_commands(app: Sphinx, doctree: nodes.document) -> None:
    """Make links of code that begins with a command, unless it is in a link or a heading."""
    names = commands_of(build_parser())
    for literal in list(doctree.findall(nodes.literal)):
        found = COMMAND.fullmatch(literal.astext())
        if (
            found is None
            or found[1] not in names
            or isinstance(literal.parent, (nodes.reference, nodes.title))
        ):
            continue
        link = addnodes.pending_xref(
            "",
            refdomain="std",
            reftype="ref",
            reftarget=nodes.make_id(f"videoqa {found[1]}"),
            refexplicit=True,
            refwarn=True,
        )
        link["refdoc"] = app.env.docname
        literal.replace_self(link)
        link += literal


def setup(app: Sphinx) -> dict[str, bool]:
    os.environ["COLUMNS"] = WIDTH
    app.add_directive("commands", Commands)
    app.connect("doctree-read", link_commands)
    return {"parallel_read_safe": True}
