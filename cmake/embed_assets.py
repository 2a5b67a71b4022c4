"""Writes C++ and assembler files that hold the files of a folder, for src/server/assets.h.

usage: embed_assets.py FOLDER OUTPUT.cc OUTPUT.S     an empty table when FOLDER has no index.html
"""
import gzip
import pathlib
import sys

TYPES = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
         '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.png': 'image/png', '.ico': 'image/x-icon',
         '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8'}


def files_of(folder: pathlib.Path) -> list[tuple[str, bytes, bytes]]:
    if not (folder / 'index.html').is_file():
        return []
    found = []
    for path in folder.rglob('*'):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.suffix in TYPES and not name.startswith('.'):
            content = path.read_bytes()
            packed = gzip.compress(content, 9, mtime=0)
            found.append((name, content, packed if len(packed) < len(content) else b''))
    return sorted(found)


def main(folder: str, source: str, assembler: str) -> None:
    blob, rows = bytearray(), []
    for name, content, packed in files_of(pathlib.Path(folder)):
        start = len(blob)
        blob += content + packed
        middle = start + len(content)
        kind = TYPES[pathlib.PurePosixPath(name).suffix]
        rows.append(f'    Asset{{"{name}", "{kind}", {{latecomer_assets + {start}, {len(content)}}},\n'
                    f'          {{latecomer_assets + {middle}, {len(packed)}}}}},')
    data = pathlib.Path(assembler).with_suffix('.bin')
    data.write_bytes(bytes(blob) or b'\0')
    # Names of files go to a string literal: what could end it is refused.
    if any(ord(c) < 32 or c in '"\\' for name, _, _ in files_of(pathlib.Path(folder)) for c in name):
        sys.exit(f'embed_assets: a file name in {folder} has a quote, a backslash or a control character')
    pathlib.Path(assembler).write_text(
        '.section .rodata\n.global latecomer_assets\n.type latecomer_assets, @object\n.balign 16\n'
        f'latecomer_assets:\n.incbin "{data}"\n.size latecomer_assets, . - latecomer_assets\n'
        '.section .note.GNU-stack,"",@progbits\n')
    table = '\n'.join(rows)
    body = f'  static const Asset assets[] = {{\n{table}\n  }};\n  return assets;\n' if rows else '  return {};\n'
    pathlib.Path(source).write_text('#include "server/assets.h"\n\nextern "C" const char latecomer_assets[];\n\n'
                                    'namespace latecomer::server {\n\n'
                                    f'std::span<const Asset> EmbeddedAssets() {{\n{body}}}\n\n'
                                    '}  // namespace latecomer::server\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
