import json


def halve(product, upstream):
    rows = json.loads(upstream["load"]["data"].read_text())
    product.write_text(json.dumps([row / 2 for row in rows]))
