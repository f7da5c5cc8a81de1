"""Runs notebooks one after the other in one process with papermill: `IN OUT PARAMETERS ...`."""

import json
import sys

import papermill

for source, out, parameters in zip(*[iter(sys.argv[1:])] * 3, strict=True):
    papermill.execute_notebook(source, out, json.loads(parameters), progress_bar=False)
