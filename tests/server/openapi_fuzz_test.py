"""schemathesis makes requests from the OpenAPI file, right and wrong ones: no answer may be a server error, or one that
the file doesn't describe."""
import os
import subprocess
import unittest

from server_story import ServerStory, Stream

CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance'


class OpenApiFuzzTest(ServerStory):
    def fuzz(self, served, *arguments):
        done = subprocess.run(
            [os.environ['SCHEMATHESIS'], 'run', str(self.folder / 'openapi.yaml'), '--no-color', '--url',
             f'http://127.0.0.1:{served.port}/api/v1', '--checks', CHECKS, '--max-examples',
             os.environ.get('SCHEMATHESIS_EXAMPLES', '3'), '--seed', '7', '--generation-database', 'none',
             '--phases', 'examples,fuzzing', *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stdout[-12000:] + done.stderr[-4000:])

    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.served = self.serve()
        self.me = self.admin(self.served)
        Stream(self.me, last_id='0').wait_run('scheduled_2024-01-02', 'success')
        self.write('openapi.yaml', self.me.raw('GET', '/api/v1/openapi.yaml')[1])

    def test_signed_in(self):
        # Signing out, and the stream that never ends, are for the stories.
        headers = [part for name, value in self.me.headers.items() for part in ('--header', f'{name}: {value}')]
        self.fuzz(self.served, *headers, '--generation-with-security-parameters', 'false', '--exclude-operation-id', 'signOut', '--exclude-operation-id', 'streamEvents',
                  '--exclude-operation-id', 'signIn', '--exclude-operation-id', 'changePassword')

    def test_without_a_session(self):
        self.fuzz(self.served, '--exclude-operation-id', 'signIn')


if __name__ == '__main__':
    unittest.main()
