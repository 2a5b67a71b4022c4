"""Runs the query of a `spark:` step: each source is a view, and the rows replace the run's partition.

usage: run_sql.py QUERY_FILE
"""
import pathlib
import sys

import latecomer
from pyspark.sql import SparkSession


def main(query_file):
    job = latecomer.job()
    spark = SparkSession.builder.getOrCreate()
    # Values in the query were quoted for this; and what stands in them is not to be replaced by variables.
    spark.conf.set('spark.sql.parser.escapedStringLiterals', 'false')
    spark.conf.set('spark.sql.variable.substitute', 'false')
    for name in job.sources:
        job.read(spark, name).createOrReplaceTempView(name)
    rows = spark.sql(pathlib.Path(query_file).read_text(encoding='utf-8'))
    if not rows.columns:
        sys.exit('latecomer: the query gives no rows; it must be one SELECT, latecomer itself writes what it gives')
    job.write(rows)
    spark.stop()


if __name__ == '__main__':
    main(sys.argv[1])
