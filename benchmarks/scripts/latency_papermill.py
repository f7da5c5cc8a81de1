"""Prints the median time from asking papermill for a notebook until its first cell runs."""

import json
import statistics
import sys
import time

import papermill

source, out, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
found = []
for _ in range(times + 1):
    asked = time.time()
    papermill.execute_notebook(source, out, progress_bar=False)
    with open(out, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    found.append(float("".join(cells[0]["outputs"][0]["text"])) - asked)
print(json.dumps({"wall": statistics.median(found[1:])}))
