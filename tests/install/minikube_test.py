#!/usr/bin/env python3
"""The commands of deploy/minikube.md, as they stand there, with what needs a cluster played on this machine.

A SparkApplication that is created becomes a call of the image's entry point with its arguments, in the folder that
would be mounted. docker, minikube, helm and airflow do nothing. What a `cat` shows must be what the page says.

usage: minikube_test.py PROGRAM
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ''
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / 'deploy/minikube.md'
RECORDED = json.loads((pathlib.Path(__file__).parent / 'spark_driver_arguments.json').read_text())
MANIFEST = ROOT / 'deploy/minikube/spark-application.yaml'


def commands() -> str:
    """All commands of the page, in order. `cat FILE  # TEXT` becomes a comparison."""
    found = []
    for line in PAGE.read_text().splitlines():
        if match := re.fullmatch(r'(?: {4}| {7})(?=\S| {2}\S)(.*)', line):
            command = match[1]
            if shown := re.fullmatch(r'\s*cat (\S+) +# (.*)', command):
                command = f'same "$(cat {shown[1]})" {shlex.quote(shown[2])}'
            found.append(command)
    return '\n'.join(found)


def job_arguments() -> list[str]:
    """`arguments:` of the SparkApplication: the list's items, one a line."""
    text = MANIFEST.read_text()
    return re.findall(r'^    - (.*)$', text[text.index('  arguments:'):text.index('  sparkVersion:')], re.MULTILINE)


class MinikubeTest(unittest.TestCase):
    def test_the_page_s_commands(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-minikube-'))
        self.addCleanup(shutil.rmtree, folder)
        (folder / 'bin').mkdir()
        (folder / 'bin/latecomer').symlink_to(PROGRAM)
        driver = [*RECORDED[:6], *job_arguments()]
        self.assertTrue(driver[5].startswith('local://'), driver)
        prelude = f'''set -euo pipefail
            calls=0
            same() {{ if [ "$1" != "$2" ]; then echo "is: $1"; echo "not: $2"; exit 1; fi; compared=$((${{compared:-0}} + 1)); }}
            docker() {{ :; }}; minikube() {{ :; }}; helm() {{ :; }}; airflow() {{ :; }}
            kubectl() {{
              if [ "$1 $2 $3" = 'create -f deploy/minikube/spark-application.yaml' ]; then
                calls=$((calls + 1))
                sh deploy/entrypoint.sh {' '.join(shlex.quote(argument) for argument in driver)}
              fi
            }}
            '''.replace('/data_for_demo', f'{folder}/dataset')
        script = prelude + commands().replace('BASE=/tmp/dedp/late-data/dataset', f'BASE={folder}/dataset').replace(
            '> latecomer.tar', '> /dev/null') + '\necho "$calls applications, $compared comparisons"\n'
        done = subprocess.run(['bash', '-c', script], cwd=ROOT, capture_output=True, text=True, timeout=120,
                              env={'PATH': f'{folder}/bin:/usr/bin:/bin', 'HOME': str(folder), 'NO_COLOR': '1'})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], '2 applications, 4 comparisons')

    def test_what_the_page_names_is_there(self):
        for name in set(re.findall(r'\b((?:deploy|examples)/[\w./-]+\.\w+)', PAGE.read_text())):
            self.assertTrue((ROOT / name).is_file(), name)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop())
    unittest.main()
