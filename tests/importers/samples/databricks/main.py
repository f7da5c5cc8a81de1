# Databricks notebook source
# MAGIC %md
# MAGIC # Main
# MAGIC Some *text*

# COMMAND ----------

dbutils.widgets.text("year", "2024", "Year")
dbutils.widgets.dropdown("mode", "fast", ["fast", "slow"])

# COMMAND ----------

# MAGIC %run ./shared

# COMMAND ----------

# DBTITLE 1,Load
year = dbutils.widgets.get("year")
rows = [square(i) for i in range(int(year) - 2020)]
print(dbutils.widgets.get("mode"), rows)

# COMMAND ----------

total = dbutils.notebook.run("./child", 60, {"rows": str(rows), "label": "sum"})
print("got", total)

# COMMAND ----------

for part in ["a", "b"]:
    dbutils.notebook.run("each", 60, {"part": part})

# COMMAND ----------

# MAGIC %sh
# MAGIC echo done
