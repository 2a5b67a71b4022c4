"""latecomer's errors as Airflow takes them: what can't pass by trying again isn't tried again."""
from airflow.providers.latecomer.client.errors import LatecomerError
from airflow.sdk.exceptions import AirflowException, AirflowFailException


def task_error(error: LatecomerError) -> AirflowException:
    """The exception to raise in a task."""
    return (AirflowException if error.may_pass else AirflowFailException)(str(error))
