"""All tests of one object store, for `script/test --services`."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]


def run(store):
    """0 when all tests of the store passed. LATECOMER names the program in its build tree."""
    latecomer = pathlib.Path(os.environ['LATECOMER'])
    deps = SOURCE / '.deps'
    storage_test = latecomer.parents[1] / 'storage/storage_test'
    environment = {**os.environ, 'LATECOMER_DEPS': str(deps)}
    readers = deps / 'venv/bin/python'
    failed = 0
    for python, test, *arguments in ((sys.executable, 'contract_test.py', storage_test),
                                     (readers, 'story_test.py', latecomer, SOURCE),
                                     (sys.executable, 'latency_test.py', latecomer)):
        done = subprocess.run([*map(str, (python, '-B', HERE / test, store, *arguments))], env=environment)
        failed += done.returncode != 0
    return 1 if failed else 0
