# Databricks notebook source
def square(x):
    return x * x
