"""States of the task instances that do the work of one claim."""

OVER = frozenset({'success', 'failed', 'skipped', 'upstream_failed', 'removed'})


def states_of_work(*, dag_id: str, run_id: str, task_ids: list[str], map_index: int) -> dict[str, str | None]:
    """Task id → state, of the mapped instance when there is a map index; None for one that doesn't exist yet.

    Asks through the process that supervises this task or trigger.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
    answer = RuntimeTaskInstance.get_task_states(dag_id=dag_id, run_ids=[run_id], task_ids=task_ids,
                                                 map_index=map_index if map_index >= 0 else None)
    found = answer.get(run_id, {})
    suffix = f'_{map_index}' if map_index >= 0 else ''
    return {task_id: found.get(task_id + suffix) for task_id in task_ids}


def work_is_over(states: dict[str, str | None]) -> bool:
    return all(state in OVER for state in states.values())
