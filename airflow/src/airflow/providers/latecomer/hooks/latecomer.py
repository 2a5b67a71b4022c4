"""The connection type `latecomer`, and how tasks and triggers get a client from it."""
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.command_line import CommandLine
from airflow.providers.latecomer.client.errors import LatecomerError
from airflow.providers.latecomer.client.server import Server
from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from airflow.providers.latecomer.client.base import Client
    from airflow.sdk import Connection


class LatecomerHook(BaseHook):
    """Talks to a latecomer server when the connection has a host, else starts the program `latecomer` here.

    Server: `host` (a name, or `http(s)://…` with a path when it lives under one), `port`, `password` (a personal token
    of the server), `schema` (`http` or `https`).

    Program, in `extra`: `binary` (default: the one on the PATH), `pipelines` (the folder that pipeline names are looked
    for in), `ui_url` (where people look at runs; for the links). `password` is the ledger when it isn't found beside
    the pipeline: `sqlite:FILE` or `postgresql://…`.

    :param latecomer_conn_id: the connection; the program on the PATH is used when it is the default one and missing
    """

    conn_name_attr = 'latecomer_conn_id'
    default_conn_name = 'latecomer_default'
    conn_type = 'latecomer'
    hook_name = 'latecomer'

    def __init__(self, latecomer_conn_id: str = default_conn_name):
        super().__init__()
        self.latecomer_conn_id = latecomer_conn_id
        self._connection: Connection | None = None

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        from airflow.providers.latecomer.get_provider_info import UI_FIELDS
        return UI_FIELDS

    def get_conn(self) -> 'Client':
        """Either client; raises LatecomerError when the connection can't be used as it is."""
        connection = self._found()
        return _server(connection) if connection is not None and connection.host else _command_line(connection)

    async def aget_conn(self) -> 'Client':
        """The same for triggers, whose loop must not be held up."""
        if self._connection is None:
            try:
                self._connection = await self.aget_connection(self.latecomer_conn_id)
            except Exception as error:
                self._without_connection(error)
        return self.get_conn()

    def command_line(self) -> CommandLine:
        """For what only the program does; also where the connection names a server."""
        return _command_line(self._found())

    def ui_url(self) -> str | None:
        """Where the web UI lives, without a slash at the end; None when the connection doesn't say."""
        connection = self._found()
        if connection is None:
            return None
        if connection.extra_dejson.get('ui_url'):
            return str(connection.extra_dejson['ui_url']).rstrip('/')
        return _base_url(connection) if connection.host else None

    def test_connection(self) -> tuple[bool, str]:
        """For the button in Airflow's UI."""
        try:
            client = self.get_conn()
            return True, client.about()
        except LatecomerError as error:
            return False, str(error)

    def _found(self) -> 'Connection | None':
        if self._connection is None:
            try:
                self._connection = self.get_connection(self.latecomer_conn_id)
            except Exception as error:
                self._without_connection(error)
        return self._connection

    def _without_connection(self, error: Exception) -> None:
        # Secrets back ends and the API server each have an error of their own for what isn't there.
        if self.latecomer_conn_id != self.default_conn_name:
            raise error
        self.log.info('there is no connection %s; the program latecomer on the PATH is used', self.latecomer_conn_id)


def _base_url(connection: 'Connection') -> str:
    host = connection.host or ''
    if '://' not in host:
        host = f'{connection.schema or "http"}://{host}'
    scheme, rest = host.split('://', 1)
    name, slash, path = rest.partition('/')
    if connection.port and ':' not in name.rpartition(']')[2]:
        name = f'{name}:{connection.port}'
    return f'{scheme}://{name}{slash}{path}'.rstrip('/')


def _server(connection: 'Connection') -> Server:
    return Server(_base_url(connection), connection.password)


def _command_line(connection: 'Connection | None') -> CommandLine:
    if connection is None:
        return CommandLine()
    extra = connection.extra_dejson
    return CommandLine(binary=extra.get('binary') or 'latecomer', pipelines=extra.get('pipelines') or None,
                       ledger=(connection.password if not connection.host else None) or None)
