import json,sys
json.dump({"total": sum(sum(json.load(open(p))) for p in sys.argv[1:])}, open("metrics.json","w"))
