"""Talking to latecomer without Airflow: `CommandLine` starts the program, `Server` asks its API."""
