"""Runs notebooks one after the other in one process with nbclient: `IN OUT ...`."""

import sys

import nbformat
from nbclient import NotebookClient

for source, out in zip(*[iter(sys.argv[1:])] * 2, strict=True):
    notebook = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook).execute()
    nbformat.write(notebook, out)  # type: ignore[no-untyped-call]
