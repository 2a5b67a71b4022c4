"""Reads the dynamic symbols of a 64-bit little-endian ELF file, and writes tiny ones for tests."""
import struct

HEADER = '<16sHHIQQQIHHHHHH'
SECTION = '<IIQQQQIIQQ'
SYMBOL = '<IBBHQQ'
DYNSYM, STRTAB = 11, 3
DEFAULT, HIDDEN = 0, 2


def dynamic_symbols(image: bytes) -> list[tuple[str, bool, int]]:
    """(name, whether it is defined here, visibility) of each named symbol."""
    header = struct.unpack_from(HEADER, image)
    offset, size, count = header[6], header[11], header[12]
    sections = [struct.unpack_from(SECTION, image, offset + i * size) for i in range(count)]
    found = []
    for section in (s for s in sections if s[1] == DYNSYM):
        start, length = sections[section[6]][4:6]
        names = image[start:start + length]
        for at in range(section[4], section[4] + section[5], section[9]):
            name_at, _, other, index, _, _ = struct.unpack_from(SYMBOL, image, at)
            name = names[name_at:names.index(b'\0', name_at)].decode('ascii', 'replace')
            if name:
                found.append((name, index != 0, other & 3))
    return found


def library_with(symbols: list[tuple[str, bool, bool]]) -> bytes:
    """An ELF file with just these dynamic symbols: (name, global, defined)."""
    names, table = b'\0', struct.pack(SYMBOL, 0, 0, 0, 0, 0, 0)
    for name, is_global, is_defined in symbols:
        table += struct.pack(SYMBOL, len(names), (1 if is_global else 0) << 4 | 2, 0, 1 if is_defined else 0, 0x40, 8)
        names += name.encode() + b'\0'
    at = struct.calcsize(HEADER)
    body = table + names
    sections = [
        struct.pack(SECTION, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        struct.pack(SECTION, 0, DYNSYM, 0, 0, at, len(table), 2, 1, 8, struct.calcsize(SYMBOL)),
        struct.pack(SECTION, 0, STRTAB, 0, 0, at + len(table), len(names), 0, 0, 1, 0),
    ]
    header = struct.pack(HEADER, b'\x7fELF\x02\x01\x01', 3, 62, 1, 0, 0, at + len(body), 0, at, 0, 0,
                         struct.calcsize(SECTION), len(sections), 0)
    return header + body + b''.join(sections)
