import json
import os

total = sum(json.load(open("rows.json")))
print(os.environ["GREETING"], os.environ["who"], total)
with open("total.txt", "w") as file:
    file.write(str(total))
