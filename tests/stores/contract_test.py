#!/usr/bin/env python3
"""The contract of every ObjectStore (src/storage/object_store_contract_test.cc), tried on a real server.

usage: contract_test.py STORE STORAGE_TEST
"""
import subprocess
import sys

import services


# What must hold when answers get lost: nobody's object is taken for another's.
WITH_LOST_ANSWERS = ('OfManyWritersOneIsFirst', 'TheFirstPutStays', 'WhatWasPutIsRead', 'KeysAreTakenAsTheyAre')


def run(program, store, port, tests):
    environment = {**services.clean_environment(), **store.environment(port), 'LATECOMER_TEST_STORE': store.uri,
                   'LATECOMER_TEST_STORE_IS_TREE': str(int(store.is_tree))}
    chosen = ':'.join(f'*ObjectStoreContract.{test}/cloud' for test in tests)
    done = subprocess.run([program, f'--gtest_filter={chosen}'], env=environment, text=True, capture_output=True,
                          timeout=200)
    print(done.stdout + done.stderr)
    # A filter that meets nothing is no success.
    return done.returncode == 0 and '[  PASSED  ]' in done.stdout and 'Running 0 tests' not in done.stdout


def main():
    name, program = sys.argv[1:3]
    with services.by_name(name) as store:
        well = run(program, store, None, ['*'])
        with services.Door(store.port, lose_every=5) as door:
            well = run(program, store, door.port, WITH_LOST_ANSWERS) and well
        print(f'{door.requests} requests, of which {door.lost} have lost their answer')
        return 0 if well and door.lost > 0 else 1


if __name__ == '__main__':
    sys.exit(main())
