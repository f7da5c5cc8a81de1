"""Runs notebooks one after the other in one process with ploomber-engine: `IN OUT ...`."""

import sys

from ploomber_engine import execute_notebook

for source, out in zip(*[iter(sys.argv[1:])] * 2, strict=True):
    execute_notebook(source, out, progress_bar=False)
