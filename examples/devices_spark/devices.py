"""Counts the devices of one day by type and version: what examples/devices/devices.sql does, by Spark."""
import latecomer
from pyspark.sql import SparkSession, functions

job = latecomer.job()
spark = SparkSession.builder.getOrCreate()
devices = job.read(spark, 'devices')
job.write(devices.groupBy('type', 'version').agg(functions.count('*').alias('devices')))
spark.stop()
