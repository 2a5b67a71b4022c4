#!/usr/bin/env python3
"""Packs an installed tree of latecomer as a wheel, tagged for what its programs and libraries need of the system.

usage: make_wheel.py TREE VERSION FOLDER      prints the wheel's path

The program goes where pip puts scripts, the rest below the environment's root, as in the tree: bin/latecomer finds
../lib/latecomer and ../libexec/latecomer wherever the environment lies. The same tree gives the same bytes.
"""
import base64
import hashlib
import os
import pathlib
import stat
import struct
import sys
import zipfile

SUMMARY = 'Finds past partitions of Delta Lake tables that received late data, and gets exactly those processed again'
# What comes with glibc or is as old as it everywhere, and may be left to the system (PEP 513).
SYSTEM = {'libc.so.6', 'libm.so.6', 'libdl.so.2', 'librt.so.1', 'libpthread.so.0', 'libresolv.so.2', 'libgcc_s.so.1',
          'libstdc++.so.6', 'ld-linux-x86-64.so.2'}
# The newest libstdc++ that may be asked for on systems with at least this glibc, as auditwheel's policies have it.
LIBSTDCXX = {(2, 17): (3, 4, 19), (2, 24): (3, 4, 22), (2, 27): (3, 4, 24), (2, 31): (3, 4, 28), (2, 34): (3, 4, 29),
             (2, 35): (3, 4, 30), (2, 39): (3, 4, 33)}
DYNAMIC, VERSIONS_NEEDED = 6, 0x6ffffffe
DT_NEEDED = 1
TIME = (1980, 1, 1, 0, 0, 0)


class Elf:
    """What a 64-bit little-endian ELF file asks of others."""

    def __init__(self, image: bytes):
        self._image = image
        offset, = struct.unpack_from('<Q', image, 40)
        size, count = struct.unpack_from('<HH', image, 58)
        self._sections = [struct.unpack_from('<IIQQQQIIQQ', image, offset + i * size) for i in range(count)]

    def libraries(self) -> set[str]:
        """Names of the libraries it needs."""
        found = set()
        for section in (s for s in self._sections if s[1] == DYNAMIC):
            for at in range(section[4], section[4] + section[5], 16):
                tag, value = struct.unpack_from('<QQ', self._image, at)
                if tag == DT_NEEDED:
                    found.add(self._text(section[6], value))
        return found

    def versions(self) -> set[str]:
        """Versions of symbols it needs, as GLIBC_2.34."""
        found = set()
        for section in (s for s in self._sections if s[1] == VERSIONS_NEEDED):
            at = section[4]
            while True:
                _, count, _, first, following = struct.unpack_from('<HHIII', self._image, at)
                entry = at + first
                for _ in range(count):
                    _, _, _, name, step = struct.unpack_from('<IHHII', self._image, entry)
                    found.add(self._text(section[6], name))
                    entry += step
                if following == 0:
                    break
                at += following
        return found

    def _text(self, table: int, at: int) -> str:
        start = self._sections[table][4] + at
        return self._image[start:self._image.index(b'\0', start)].decode()


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition('_')[2].split('.'))


def platform_tag(images: dict[str, bytes]) -> str:
    """The oldest systems that all of them run on; refuses what the wheel neither brings nor may leave to the system."""
    newest, brought = (2, 17), {name.rpartition('/')[2] for name in images}
    for name, image in images.items():
        elf = Elf(image)
        if missing := elf.libraries() - brought - SYSTEM:
            sys.exit(f'make_wheel: {name} needs {", ".join(sorted(missing))}, which the tree does not hold')
        if 'GLIBC_PRIVATE' in elf.versions():
            sys.exit(f'make_wheel: {name} is part of one glibc and can not be brought to another')
        for version in elf.versions():
            if version == 'GLIBC_ABI_DT_RELR':  # packed relocations
                newest = max(newest, (2, 36))
            elif version.startswith('GLIBC_'):
                newest = max(newest, numbers(version))
            elif version.startswith('GLIBCXX_'):
                systems = [glibc for glibc, has in LIBSTDCXX.items() if has >= numbers(version)]
                if not systems:
                    sys.exit(f'make_wheel: {name} needs {version}, which no known system has; add it to LIBSTDCXX')
                newest = max(newest, min(systems))
    return f'manylinux_{newest[0]}_{newest[1]}_x86_64'


def files_of(tree: pathlib.Path) -> dict[str, bytes]:
    """Path in the tree → content. A wheel holds no links: a library has the name that others ask for, once."""
    found, behind_links = {}, set()
    for path in sorted(tree.rglob('*')):
        if path.is_symlink():
            behind_links.add(path.resolve().relative_to(tree.resolve()).as_posix())
        if path.is_file():
            found[path.relative_to(tree).as_posix()] = path.read_bytes()
    return {name: content for name, content in found.items() if name not in behind_links}


def is_program(name: str) -> bool:
    return name.startswith(('bin/', 'libexec/'))


def place(name: str, stem: str) -> str:
    """Where a file of the tree goes in the wheel."""
    if name.startswith('bin/'):
        return f'{stem}.data/scripts/{name[4:]}'
    return f'{stem}.data/data/{name}'


def metadata(version: str, tag: str, tree: pathlib.Path) -> dict[str, str]:
    readme = (tree / 'share/latecomer/README.md').read_text(encoding='utf-8')
    return {
        'METADATA': f'Metadata-Version: 2.4\nName: latecomer\nVersion: {version}\nSummary: {SUMMARY}\n'
                    'License-Expression: Apache-2.0\nLicense-File: LICENSE\nLicense-File: NOTICE\n'
                    f'Description-Content-Type: text/markdown\n\n{readme}',
        'WHEEL': f'Wheel-Version: 1.0\nGenerator: make_wheel\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n',
        'licenses/LICENSE': (tree / 'share/latecomer/LICENSE').read_text(encoding='utf-8'),
        'licenses/NOTICE': (tree / 'share/latecomer/NOTICE').read_text(encoding='utf-8'),
    }


def digest(content: bytes) -> str:
    return 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()


def write(path: pathlib.Path, entries: list[tuple[str, bytes, bool]], record: str) -> None:
    lines = [f'{name},{digest(content)},{len(content)}' for name, content, _ in entries] + [f'{record},,']
    everything = [*entries, (record, ('\n'.join(lines) + '\n').encode(), False)]
    unfinished = path.with_suffix('.unfinished')
    with zipfile.ZipFile(unfinished, 'w') as wheel:
        for name, content, executable in everything:
            info = zipfile.ZipInfo(name, TIME)
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            wheel.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=6)
    os.replace(unfinished, path)


def main(tree_name: str, version: str, folder: str) -> None:
    tree = pathlib.Path(tree_name)
    files = files_of(tree)
    if 'bin/latecomer' not in files:
        sys.exit(f'make_wheel: {tree} holds no bin/latecomer; it is made by cmake --install')
    tag = platform_tag({name: content for name, content in files.items() if content.startswith(b'\x7fELF')})
    stem = f'latecomer-{version}'
    entries = [(place(name, stem), content, is_program(name)) for name, content in files.items()]
    entries += [(f'{stem}.dist-info/{name}', text.encode(), False) for name, text in metadata(version, tag, tree).items()]
    path = pathlib.Path(folder) / f'{stem}-py3-none-{tag}.whl'
    write(path, sorted(entries), f'{stem}.dist-info/RECORD')
    print(path)


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
