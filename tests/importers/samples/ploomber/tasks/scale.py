# + tags=["parameters"]
upstream = ["load"]
product = None
factor = 1
kind = "none"
# -

import json
from pathlib import Path

# Every row times the factor.

rows = json.loads(Path(upstream["load"]["data"]).read_text())

Path(product["data"]).write_text(json.dumps([factor * row for row in rows]))
