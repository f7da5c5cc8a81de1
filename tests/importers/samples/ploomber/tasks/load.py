# ---
# jupyter:
#   kernelspec:
#     name: python3
# ---

# %% tags=["parameters"]
upstream = None
product = None
count = 1

# %%
import json
from pathlib import Path

# %%
Path(product["data"]).write_text(json.dumps(list(range(count))))
