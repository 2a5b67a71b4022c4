"""Airflow provider for latecomer: late partitions are claimed, processed by your tasks, and recorded."""
__version__ = '0.1.0'
