"""The files of a tree that the structure rules look at."""
import functools
import pathlib
import subprocess


class Tree:
    """Files that git tracks or would track. `paths` are relative, with forward slashes."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        listed = subprocess.run(
            ['git', '-c', 'safe.directory=*', '-C', str(root), 'ls-files', '-z', '--cached', '--others',
             '--exclude-standard'], check=True, capture_output=True).stdout.decode()
        self.paths = sorted(p for p in set(listed.split('\0')) if p and (root / p).is_file())

    def matching(self, *suffixes: str, under: str = '') -> list[str]:
        return [p for p in self.paths if p.endswith(suffixes) and p.startswith(under)]

    @functools.cache
    def text(self, path: str) -> str:
        """The file's text; empty for a binary file."""
        content = (self.root / path).read_bytes()
        return '' if b'\0' in content else content.decode('utf-8', 'replace')

    def has(self, path: str) -> bool:
        return (self.root / path).exists()


def is_test(path: str) -> bool:
    """Whether a file is only part of tests."""
    stem = path.rsplit('.', 1)[0]
    return (path.startswith(('tests/', 'fuzz/', 'bench/', 'src/testing/')) or
            stem.endswith(('_test', '_test_support', '_contract')))
