# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:light
# ---

# # A title
#
# And some text.

import math

# + tags=["step:load"]
rows = [1, 4, 9]
# -

# + tags=["step:root"]
def root(x):
    return math.sqrt(x)


roots = [root(x) for x in rows]
print(sum(roots))
# -
