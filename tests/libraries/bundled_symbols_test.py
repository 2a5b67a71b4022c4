#!/usr/bin/env python3
"""The Arrow libraries that latecomer links export nothing that would replace another library's functions.

usage: bundled_symbols_test.py LIB_FOLDER
"""
import pathlib
import re
import sys
import unittest

import elf

FOLDER = pathlib.Path()
# What Debian's libraries of the same names export, and what we use from them.
TAKEN = re.compile(r'^(?:EVP_|SSL_|CRYPTO_|OPENSSL_|sqlite3_|XXH\d|yaml_|inflate|deflate|_ZN8simdjson|_ZN4cctz|_ZN3fmt|'
                   r'_ZN4YAML|_ZN6spdlog)')


def exported(name: str) -> list[str]:
    image = (FOLDER / f'lib{name}.so').read_bytes()
    return [n for n, defined, visibility in elf.dynamic_symbols(image) if defined and visibility == elf.DEFAULT]


class BundledSymbolsTest(unittest.TestCase):
    def test_parquet_keeps_its_openssl_to_itself(self):
        names = exported('parquet')
        self.assertTrue(any(n.startswith('_ZN7parquet') for n in names), 'and still exports its own')
        self.assertEqual([n for n in names if n.startswith('EVP_')], [])

    def test_nothing_exported_is_taken_for_another_library(self):
        for name in ('arrow', 'parquet'):
            with self.subTest(name):
                self.assertEqual([n for n in exported(name) if TAKEN.match(n)], [])


if __name__ == '__main__':
    FOLDER = pathlib.Path(sys.argv.pop(1))
    unittest.main()
