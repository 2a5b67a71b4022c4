#!/usr/bin/env python3
"""The container image, built by buildah from deploy/Dockerfile without a network, and used.

The stage that compiles is passed over: the tree that `cmake --install` makes of the build with $LATECOMER in it stands
in for it, and a Debian made by mmdebstrap for the base image. Run by `script/test --services image`.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get('LATECOMER', ROOT / 'build/release/src/cli/latecomer')).resolve()
BASE = ROOT / '.deps/image/base.tar'
RECORDED = json.loads((ROOT / 'tests/install/spark_driver_arguments.json').read_text())
OURS, SPARKS = 65532, 185  # the image's user; the one of Spark's images, whom the original's folders belong to


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-image-'))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        tree = cls.folder / 'tree'
        subprocess.run(['cmake', '--install', PROGRAM.parents[2], '--prefix', tree, '--strip'], check=True, capture_output=True)
        base = cls.buildah('from', 'scratch').strip()
        cls.buildah('add', '--quiet', base, BASE, '/')
        cls.buildah('commit', '--quiet', base, 'localhost/base')
        cls.buildah('bud', '--network', 'none', '--pull-never', '--build-arg', 'BASE=localhost/base',
                    '--build-context', f'tree={tree}', '--file', ROOT / 'deploy/Dockerfile', '--tag', 'latecomer', ROOT)
        cls.container = cls.buildah('from', '--pull-never', 'localhost/latecomer').strip()
        cls.root = pathlib.Path(cls.buildah('mount', cls.container).strip())
        cls.addClassCleanup(cls.buildah, 'rm', '--all')

    @classmethod
    def buildah(cls, *arguments, code=0):
        environment = {**os.environ, 'BUILDAH_ISOLATION': 'chroot'}
        # vfs mounts nothing, so that nothing can stay mounted.
        storage = ['--storage-driver', 'vfs', '--root', cls.folder / 'storage', '--runroot', cls.folder / 'run']
        done = subprocess.run(['buildah', *storage, *arguments],
                              env=environment, capture_output=True, text=True, timeout=900)
        if done.returncode != code:
            raise AssertionError(f'buildah {arguments}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}')
        return done.stdout

    def data(self, name, user=OURS):
        """A folder to mount, owned by a user."""
        folder = self.folder / name
        folder.mkdir()
        os.chown(folder, user, user)
        return folder

    def run_image(self, data, *arguments, at='/data', user=OURS, code=0):
        """The entry point with arguments, as the image's user or another, in a folder that is mounted."""
        return self.buildah('run', '--network', 'none', '--user', f'{user}:{user}', '--volume', f'{data}:{at}:rw',
                            '--workingdir', at, self.container, '--', '/opt/entrypoint.sh', *arguments, code=code)

    def files(self):
        """Each file of the image's root but those that buildah itself makes and mounts, with what would show a change."""
        seen = {}
        for folder, folders, files in os.walk(self.root):
            if folder == str(self.root):
                folders[:] = [name for name in folders if name not in ('proc', 'sys', 'dev', 'run', 'data', 'data_for_demo')]
            for name in files:
                path = os.path.join(folder, name)
                info = os.lstat(path)
                seen[os.path.relpath(path, self.root)] = (info.st_size, info.st_mtime_ns, info.st_uid)
        return {name: state for name, state in seen.items() if not name.startswith(('etc/hosts', 'etc/resolv', 'etc/hostname'))}

    def test_its_configuration(self):
        config = json.loads(self.buildah('inspect', '--type', 'image', 'localhost/latecomer'))['OCIv1']['config']
        self.assertEqual(config['User'], f'{OURS}:{OURS}')
        self.assertEqual((config['Entrypoint'], config['Cmd'], config['WorkingDir']), (['/opt/entrypoint.sh'], ['--help'], '/data'))
        self.assertEqual(set(config['ExposedPorts']), {'8080'} if '8080' in config['ExposedPorts'] else {'8080/tcp'})
        self.assertFalse([name for name in config['Env'] if 'TOKEN' in name or 'PASSWORD' in name])

    def test_nothing_of_the_sources_or_with_special_rights_is_ours(self):
        ours = list((self.root / 'opt').rglob('*'))
        self.assertFalse([path for path in ours if path.suffix in ('.cc', '.h', '.git')])
        for path in ours:
            mode = path.lstat().st_mode
            self.assertFalse(not path.is_symlink() and mode & 0o6022, f'{path} has mode {mode:o}')
        size = sum(path.lstat().st_size for path in ours if not path.is_symlink())
        self.assertLess(size, 220 << 20, 'what we add to the base')

    def test_the_story_as_nobody_s_root_and_nothing_is_written_beside_the_volume(self):
        before = self.files()
        data = self.data('story')
        shutil.copytree(ROOT / 'examples/devices', data / 'examples/devices')
        for path in (data / 'examples').rglob('*'):
            os.chown(path, OURS, OURS)
        os.chown(data / 'examples', OURS, OURS)
        self.run_image(data, 'generate', 'devices', '--rows', '20', '-o', 'rows.json')
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            self.run_image(data, 'load', 'dataset/devices', 'rows.json', '--partition', f'event_time={day}')
        self.run_image(data, 'run', 'examples/devices/pipeline.yaml')
        self.assertTrue((data / f'dataset/devices_by_type/_delta_log/{1:020}.json').is_file())
        self.assertEqual({path.stat().st_uid for path in data.rglob('*')}, {OURS})
        self.assertEqual(self.files(), before)

    def test_it_stands_in_for_the_image_of_a_spark_application(self):
        data = self.data('spark', SPARKS)
        self.run_image(data, 'generate', 'devices', '--rows', '10', '-o', 'rows.json', user=SPARKS)
        for day in ('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-01'):
            self.run_image(data, 'load', 'devices', 'rows.json', '--partition', f'event_time={day}', user=SPARKS)
        (data / '_last_processed_version').write_text('2')
        self.run_image(data, *RECORDED, at='/data_for_demo', user=SPARKS)
        self.assertEqual((data / 'backfilling_configuration.json').read_text(),
                         '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":3}')
        self.run_image(data, 'executor', user=SPARKS, code=2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
