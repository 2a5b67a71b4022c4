"""Links from a task to latecomer's web UI. The connection says where it is; without that there is no link."""
import urllib.parse
from typing import TYPE_CHECKING

from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


def ui_link(operator: 'BaseOperator', pipeline_id: str | None, *below: str) -> str:
    """A pipeline's page, or one below it; empty when nobody said where the UI is."""
    base = LatecomerHook(operator.latecomer_conn_id).ui_url()
    if base is None or not pipeline_id:
        return ''
    return '/'.join([base, 'pipelines', *(urllib.parse.quote(part, safe='') for part in (pipeline_id, *below))])


class LatecomerPipelineLink(BaseOperatorLink):
    """What waits and why."""

    name = 'What waits, in latecomer'

    def get_link(self, operator: 'BaseOperator', *, ti_key: 'TaskInstanceKey') -> str:
        return ui_link(operator, getattr(operator, 'pipeline_id', None), 'plan')


class LatecomerRunLink(BaseOperatorLink):
    """The run whose claim the task reports."""

    name = 'The run, in latecomer'

    def get_link(self, operator: 'BaseOperator', *, ti_key: 'TaskInstanceKey') -> str:
        claim = getattr(operator, 'claim', None)
        return ui_link(operator, claim['pipeline'], 'runs', claim['run_id']) if isinstance(claim, dict) else ''

