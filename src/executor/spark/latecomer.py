"""What a Spark job that latecomer started is to do: which partition, from which versions, under which token.

    import latecomer

    job = latecomer.job()
    devices = job.read(spark, 'devices')                # the partitions this run is made from, at the pinned version
    job.write(devices.groupBy('type').count())          # replaces the run's partition, in one commit with its token

Fields: pipeline, step, run, partition, interval, token, time_zone, sources, output; docs/formats/spark-job.md has them.
"""
import json
import os


class Job:
    def __init__(self, content):
        self.__dict__.update(content)

    def read(self, spark, source):
        """The partitions of a source that this run is made from, at the version it is pinned to."""
        about = self.sources[source]
        table = spark.read.format('delta').option('versionAsOf', about['version']).load(about['table'])
        return table.where(about['where'])

    def write(self, frame, **options):
        """Replaces the run's partition by these rows. Partition columns may be left out; given, they must agree."""
        from pyspark.sql import functions
        if self.output is None:
            raise ValueError(f'step {self.step} declares no table to write: add `into:` to it')
        given = {name.lower() for name in frame.columns}
        names = [column['name'] for column in self.output['partition']]
        if given & {name.lower() for name in names}:
            # Delta checks this too, but not in the write that creates the table.
            frame = frame.where(functions.expr(
                f'CASE WHEN {self._given_condition(given)} THEN true ELSE '
                "raise_error('latecomer: a row is of another partition than the run') END"))
        for column in self.output['partition']:
            if column['name'].lower() not in given:
                frame = frame.withColumn(column['name'], functions.lit(column['value']).cast(column['type']))
        writer = frame.write.format('delta').mode('overwrite').partitionBy(*names).options(**options)
        for option, key in (('replaceWhere', 'replace_where'), ('txnAppId', 'txn_app_id'),
                            ('txnVersion', 'txn_version'), ('userMetadata', 'user_metadata')):
            writer = writer.option(option, self.output[key])
        writer.save(self.output['table'])

    def _given_condition(self, given):
        """Holds for rows whose partition columns, as far as they have them, are the run's."""
        return ' AND '.join(column['condition'] for column in self.output['partition'] if column['name'].lower() in given)


def job(path=None):
    """The job this process was started for; `path` names the file of another one, to try something by hand."""
    path = path or os.environ.get('LATECOMER_JOB')
    if not path and (text := os.environ.get('LATECOMER_JOB_JSON')):
        return Job(json.loads(text))
    if not path:
        raise RuntimeError('LATECOMER_JOB is not set: no step of latecomer started this; '
                           'latecomer.job(path) takes the job.json of an earlier attempt')
    with open(path, encoding='utf-8') as file:
        return Job(json.load(file))
