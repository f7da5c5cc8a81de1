# Databricks notebook source
dbutils.widgets.text("part", "")
# COMMAND ----------
print("part", dbutils.widgets.get("part"))
