#!/usr/bin/env python3
"""Copy a shared library with its bundled C symbols hidden.

usage: hide_symbols.py SOURCE TARGET

The libparquet of the pyarrow wheel exports the symbols of an OpenSSL that is linked into it. Linked before the
system's libcrypto they would replace it. Their visibility in .dynsym is set to hidden, one byte each: the library
goes on using its own copy, nobody else sees it. Every defined symbol that is not C++ (`_Z…`) is hidden, and so is
the bundled simdjson, whose classes have another layout than the system's.
"""
import os
import re
import struct
import sys

SHT_DYNSYM = 11
STV_HIDDEN = 2
ELF_HEADER = '<16sHHIQQQIHHHHHH'
SECTION = '<IIQQQQIIQQ'
SYMBOL = '<IBBHQQ'
KEEP = {'_init', '_fini', '__bss_start', '_edata', '_end'}
BUNDLED_CXX = re.compile(r'_Z(?:TV|TI|TS|GVZ|GV|Z)?N?K?(?:8simdjson|19simdjson_fast_float)')


def hide(image: bytearray) -> int:
    """Hide the symbols in place; return how many."""
    if image[:4] != b'\x7fELF' or image[4] != 2 or image[5] != 1:
        raise ValueError('not a 64-bit little-endian ELF file')
    header = struct.unpack_from(ELF_HEADER, image)
    offset, size, count = header[6], header[11], header[12]
    sections = [struct.unpack_from(SECTION, image, offset + i * size) for i in range(count)]
    hidden = 0
    for section in sections:
        if section[1] != SHT_DYNSYM:
            continue
        names = sections[section[6]]
        for at in range(section[4], section[4] + section[5], section[9]):
            name_at, info, other, index, _, _ = struct.unpack_from(SYMBOL, image, at)
            start = names[4] + name_at
            name = image[start:image.index(0, start)].decode('ascii', 'replace')
            kept = name in KEEP or (name.startswith('_Z') and not BUNDLED_CXX.match(name))
            if index == 0 or info >> 4 == 0 or not name or kept:
                continue
            image[at + 5] = (other & ~3) | STV_HIDDEN
            hidden += 1
    return hidden


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = sys.argv[1:]
    with open(source, 'rb') as file:
        image = bytearray(file.read())
    count = hide(image)
    # A new file under the old name: a program that has the old one mapped keeps it.
    with open(target + '.new', 'wb') as file:
        file.write(image)
    os.chmod(target + '.new', 0o755)
    os.replace(target + '.new', target)
    print(f'{os.path.basename(target)}: {count} symbols hidden')
    return 0


if __name__ == '__main__':
    sys.exit(main())
