"""What Airflow's provider manager asks for."""
from typing import Any

UI_FIELDS: dict[str, Any] = {
    'hidden-fields': ['login'],
    'relabeling': {'host': 'Server (empty: the program on this machine)', 'password': 'Token, or the ledger',
                   'schema': 'http or https'},
    'placeholders': {'host': 'latecomer.example.com', 'port': '8080', 'password': 'lct_… or postgresql://…',
                     'extra': '{"pipelines": "/opt/pipelines", "binary": "/opt/latecomer/bin/latecomer"}'},
}

_NAME = 'latecomer'
_TEXT = {'type': ['string', 'null']}


def _modules(*names: str) -> list[dict[str, Any]]:
    return [{'integration-name': _NAME, 'python-modules': [f'airflow.providers.latecomer.{name}' for name in names]}]


def get_provider_info() -> dict[str, Any]:
    return {
        'package-name': 'apache-airflow-providers-latecomer',
        'name': _NAME,
        'description': 'Claims partitions of lakehouse tables that received late data, and records what was processed.',
        'integrations': [{'integration-name': _NAME, 'tags': ['software']}],
        'operators': _modules('operators.claim', 'operators.done', 'operators.spark_job'),
        'sensors': _modules('sensors.late_partitions'),
        'hooks': _modules('hooks.latecomer'),
        'triggers': _modules('triggers.latecomer'),
        'connection-types': [{
            'connection-type': 'latecomer',
            'hook-class-name': 'airflow.providers.latecomer.hooks.latecomer.LatecomerHook',
            'hook-name': _NAME,
            'ui-field-behaviour': UI_FIELDS,
            'conn-fields': {
                'pipelines': {'label': 'Folder of the pipeline files', 'schema': _TEXT},
                'binary': {'label': 'The program', 'schema': _TEXT},
                'ui_url': {'label': 'Address of the web UI, for links', 'schema': _TEXT},
            },
        }],
        'extra-links': ['airflow.providers.latecomer.links.latecomer.LatecomerPipelineLink',
                        'airflow.providers.latecomer.links.latecomer.LatecomerRunLink'],
    }
