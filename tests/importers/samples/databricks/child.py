# Databricks notebook source
dbutils.widgets.text("rows", "[]")
dbutils.widgets.text("label", "")
# COMMAND ----------
import json
rows = json.loads(dbutils.widgets.get("rows"))
print(dbutils.widgets.get("label"))
# COMMAND ----------
dbutils.notebook.exit(sum(rows))
