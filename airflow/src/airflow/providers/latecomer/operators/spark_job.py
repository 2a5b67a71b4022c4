"""In place of the "late data integrator" Spark job: the same two files, in milliseconds."""
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.errors import LatecomerError
from airflow.providers.latecomer.errors import task_error
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class LatecomerConfigureBackfillOperator(BaseOperator):
    """Writes the backfilling configuration that the Spark job wrote, with `latecomer configure-backfill`, and returns
    it. One version for the whole table stands in these files: a report for those who read them. What is processed
    again should be claimed (LatecomerClaimOperator), since a failed backfill leaves no trace in them.

    :param output_location: folder of the two files
    :param table: folder of the Delta table
    :param file_name: name of the configuration file
    :param current_partition: `column=value`; only partitions before it count
    """

    template_fields = ('output_location', 'table', 'file_name', 'current_partition')

    def __init__(self, *, output_location: str, table: str, file_name: str, current_partition: str,
                 latecomer_conn_id: str = LatecomerHook.default_conn_name, **kwargs: Any):
        super().__init__(**kwargs)
        self.output_location = output_location
        self.table = table
        self.file_name = file_name
        self.current_partition = current_partition
        self.latecomer_conn_id = latecomer_conn_id

    def execute(self, context: 'Context') -> dict[str, Any]:
        try:
            configuration = LatecomerHook(self.latecomer_conn_id).command_line().configure_backfill(
                output_location=self.output_location, table=self.table, file_name=self.file_name,
                current_partition=self.current_partition)
        except LatecomerError as error:
            raise task_error(error) from error
        self.log.info('late before %s: %s', self.current_partition, configuration['partitions'] or 'nothing')
        return configuration


class LatecomerUpdateLastProcessedOperator(BaseOperator):
    """Takes the configuration's version over into `_last_processed_version`, with `latecomer update-last-processed`."""

    template_fields = ('output_location', 'file_name')

    def __init__(self, *, output_location: str, file_name: str,
                 latecomer_conn_id: str = LatecomerHook.default_conn_name, **kwargs: Any):
        super().__init__(**kwargs)
        self.output_location = output_location
        self.file_name = file_name
        self.latecomer_conn_id = latecomer_conn_id

    def execute(self, context: 'Context') -> None:
        try:
            LatecomerHook(self.latecomer_conn_id).command_line().update_last_processed(
                output_location=self.output_location, file_name=self.file_name)
        except LatecomerError as error:
            raise task_error(error) from error
