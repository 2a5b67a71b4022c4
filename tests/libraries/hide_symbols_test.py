#!/usr/bin/env python3
"""script/support/hide_symbols.py on small ELF files."""
import importlib.util
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

import elf

SCRIPT = pathlib.Path(__file__).parents[2] / 'script/support/hide_symbols.py'
SPEC = importlib.util.spec_from_file_location('hide_symbols', SCRIPT)
hide_symbols = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hide_symbols)


def hidden(image: bytes) -> set[str]:
    return {name for name, _, visibility in elf.dynamic_symbols(image) if visibility == elf.HIDDEN}


class HideSymbolsTest(unittest.TestCase):
    def test_c_symbols_are_hidden_and_cpp_ones_stay(self):
        image = bytearray(elf.library_with([
            ('EVP_DigestInit', True, True), ('_ZN7parquet4OpenEv', True, True), ('SSL_new', True, True),
            ('_ZTIN7parquet6ReaderE', True, True)]))
        self.assertEqual(hide_symbols.hide(image), 2)
        self.assertEqual(hidden(image), {'EVP_DigestInit', 'SSL_new'})

    def test_what_it_takes_from_elsewhere_stays(self):
        image = bytearray(elf.library_with([('malloc', True, False), ('local_helper', False, True), ('_init', True, True)]))
        self.assertEqual(hide_symbols.hide(image), 0)
        self.assertEqual(hidden(image), set())

    def test_the_bundled_simdjson_is_hidden(self):
        names = ['_ZN8simdjson3dom6parser4loadEv', '_ZTVN8simdjson8fallback14implementationE', '_ZNK8simdjson3fooEv']
        ours = '_ZN5arrow8internal10IsJsonNullERN8simdjson8fallback8ondemand5valueE'
        image = bytearray(elf.library_with([(n, True, True) for n in [*names, ours]]))
        hide_symbols.hide(image)
        self.assertEqual(hidden(image), set(names))

    def test_a_second_time_changes_nothing(self):
        image = bytearray(elf.library_with([('EVP_x', True, True)]))
        hide_symbols.hide(image)
        once = bytes(image)
        hide_symbols.hide(image)
        self.assertEqual(bytes(image), once)

    def test_one_byte_per_symbol_is_changed(self):
        before = elf.library_with([('EVP_x', True, True), ('_Zx', True, True)])
        image = bytearray(before)
        hide_symbols.hide(image)
        self.assertEqual(sum(a != b for a, b in zip(before, image)), 1)

    def test_other_files_are_refused(self):
        for image in (b'', b'#!/bin/sh\n', b'\x7fELF\x01\x01' + b'\0' * 60):
            with self.assertRaises(ValueError):
                hide_symbols.hide(bytearray(image))

    def test_as_a_program(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, 'a.so'), os.path.join(folder, 'b.so')
            original = elf.library_with([('EVP_x', True, True)])
            pathlib.Path(source).write_bytes(original)
            subprocess.run([sys.executable, SCRIPT, source, target], check=True, capture_output=True)
            self.assertEqual(pathlib.Path(source).read_bytes(), original, 'the wheel\'s own file stays as it was')
            self.assertEqual(hidden(pathlib.Path(target).read_bytes()), {'EVP_x'})
            self.assertTrue(os.stat(target).st_mode & stat.S_IXUSR)
            self.assertEqual(sorted(os.listdir(folder)), ['a.so', 'b.so'])
            self.assertEqual(subprocess.run([sys.executable, SCRIPT], capture_output=True).returncode, 2)


if __name__ == '__main__':
    unittest.main()
