#!/usr/bin/env python3
"""The structure rules against small samples: each bad one is found, its good neighbour is not."""
import pathlib
import subprocess
import tempfile
import unittest

import cpp_text
import rules
from tree import Tree

LAYERS = 'base:\ntable: base\nengine: base table\ntesting: base\n'


class RuleTest(unittest.TestCase):
    def findings(self, rule, files: dict[str, str]) -> list[tuple[str, int]]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            subprocess.run(['git', 'init', '-q', folder], check=True)
            found = list(rule(Tree(root)))
        for _, _, message in found:
            self.assertRegex(message, r'[;,:] ', 'a message says what is wrong and what to do')
        return [(path, line) for path, line, _ in found]

    def test_layers(self):
        files = {
            'src/layers.txt': LAYERS,
            'src/base/a.h': '#pragma once\n// #include "engine/e.h"\n',
            'src/engine/e.h': '#pragma once\n#include "base/a.h"\n',
            'src/testing/t.h': '#pragma once\n#include "base/a.h"\n',
            'src/engine/e_test.cc': '#include "testing/t.h"\n',
            'src/base/bad.cc': '#include <string>\n\n#include "engine/e.h"\n',
            'src/table/bad.cc': '#include "testing/t.h"\n',
            'src/table/gone.cc': '#include "base/gone.h"\n',
            'src/table/local.cc': '#include "gone.h"\n',
        }
        self.assertEqual(
            sorted(self.findings(rules.includes_obey_layers, files)),
            [('src/base/bad.cc', 3), ('src/table/bad.cc', 1), ('src/table/gone.cc', 1), ('src/table/local.cc', 1)])

    def test_a_test_keeps_to_its_layers(self):
        files = {'src/layers.txt': LAYERS, 'src/engine/e.h': '', 'src/table/t_test.cc': '#include "engine/e.h"\n'}
        self.assertEqual(self.findings(rules.includes_obey_layers, files), [('src/table/t_test.cc', 1)])

    def test_awaits(self):
        files = {'src/a/a.cc': 'task f() {\n'
                               '  co_await g(x);\n'
                               '  const int a = co_await (ok ? g(x) : h(x));\n'
                               '  co_await g(Point{1, 2});\n'
                               '  co_await g(x,\n    {1, 2});\n'
                               '  if (ok) co_await g([&](int i) { return i; });\n'
                               '  const auto point = Point{1, 2}; co_await g(point);\n'
                               '  const int b = ok ? 1 : 2;\n'
                               '  // co_await g({1});\n'
                               '  const int c = co_await g(x) ? 1 : 2;\n'
                               '}\n'}
        self.assertEqual(self.findings(rules.awaits_are_plain, files),
                         [('src/a/a.cc', 3), ('src/a/a.cc', 4), ('src/a/a.cc', 5), ('src/a/a.cc', 11)])

    def test_rings_of_folders(self):
        ring = {'src/layers.txt': 'a: b\nb: c\nc: a\nd:\n'}
        self.assertEqual(self.findings(rules.layers_have_no_ring, ring), [('src/layers.txt', 1)])
        self.assertEqual(self.findings(rules.layers_have_no_ring, {'src/layers.txt': 'd: b c\nb: a\nc: a\na:\n'}), [])
        unknown = {'src/layers.txt': 'a: b\n', 'src/z/z.h': ''}
        self.assertEqual(len(self.findings(rules.layers_have_no_ring, unknown)), 2)

    def test_rings_of_headers(self):
        ring = {'src/a/a.h': '#include "a/b.h"\n', 'src/a/b.h': '#include "a/c.h"\n', 'src/a/c.h': '#include "a/a.h"\n'}
        self.assertEqual(len(self.findings(rules.headers_have_no_ring, ring)), 1)
        ring['src/a/c.h'] = '/* #include "a/a.h" */\n'
        self.assertEqual(self.findings(rules.headers_have_no_ring, ring), [])

    def test_pragma_once(self):
        files = {'src/a/good.h': '// Why.\n#pragma once\n', 'src/a/guard.h': '#ifndef A\n#define A\n#endif\n',
                 'src/a/comment.h': '// #pragma once\nint a;\n', 'src/a/empty.h': ''}
        self.assertEqual(self.findings(rules.headers_have_pragma_once, files),
                         [('src/a/comment.h', 1), ('src/a/empty.h', 1), ('src/a/guard.h', 1)])

    def test_length(self):
        body = '  a();\n' * 69
        files = {'src/a/a.cc': f'void Fits() {{\n{body[:-7]}}}\nvoid TooLong() {{\n{body}}}\n',
                 'a.py': 'def f():\n' + '    f()\n' * 70, 'b.py': 'def f():\n' + '    f()\n' * 69}
        self.assertEqual(self.findings(rules.functions_are_short, files), [('a.py', 1), ('src/a/a.cc', 71)])
        files = {'src/a/a.cc': '\n' * 801, 'src/a/b.cc': '\n' * 800, 'script/test': '\n' * 801, 'data.json': '\n' * 900}
        self.assertEqual(self.findings(rules.files_are_short, files), [('src/a/a.cc', 1), ('script/test', 1)])

    def test_broken_braces_are_said(self):
        self.assertEqual(self.findings(rules.functions_are_short, {'src/a/a.cc': 'void F() {\n'}), [('src/a/a.cc', 1)])

    def test_shell(self):
        files = {'src/a/a.cc': 'std::system("ls");\n// system("x")\nauto t = "popen(";\nerror.system(1);\npopen(x, y);\n',
                 'src/a/b.cc': 'file_system(1); FileSystem(2); std::system_error(3);\n',
                 'a.py': 'import os\nos.' 'system("ls")\nsubprocess.run(x, shell' '=True)\nprint("os.system(1)")\n'}
        self.assertEqual(self.findings(rules.no_shell, files),
                         [('src/a/a.cc', 1), ('src/a/a.cc', 5), ('a.py', 2), ('a.py', 3)])

    def test_sleep(self):
        files = {'src/a/a_test.cc': 'Run("sleep 60");\nstd::this_thread::sleep_for(1s);\n',
                 'src/a/a.cc': 'std::this_thread::sleep_for(1s);\n', 'tests/a_test.py': 'time.sleep' '(1)\n# time.sleep(1)\n'}
        self.assertEqual(self.findings(rules.no_sleep_in_tests, files), [('src/a/a_test.cc', 2), ('tests/a_test.py', 1)])

    def test_pure_folders(self):
        files = {'src/table/a.cc': '#include <fstream>\n', 'src/lateness/a.cc': 'auto t = std::chrono::system_clock::now();\n',
                 'src/engine/a.cc': '#include <fstream>\n', 'src/table/a_test.cc': '#include <fstream>\n'}
        self.assertEqual(self.findings(rules.pure_folders_are_pure, files), [('src/table/a.cc', 1), ('src/lateness/a.cc', 1)])

    def test_places_of_one_machine(self):
        files = {'a.md': 'in ' + '/ro' + 'ot/x and\n' + '/wo' + 'rk/y\n', 'b.md': 'dataset/work/x $X/work/y ~/home/z https://x.y/work/a\n',
                 'c.md': 'index at https://py' + 'pi.org/simple\n'}
        self.assertEqual(self.findings(rules.no_place_of_one_machine, files), [('a.md', 1), ('a.md', 2), ('c.md', 1)])

    def test_notes(self):
        files = {'a.cc': '// TO' 'DO later\n', 'b.sh': 'mktemp a.X' 'XXXXX\n', 'c.md': 'X' 'XX\n'}
        self.assertEqual(self.findings(rules.no_notes_to_self, files), [('a.cc', 1), ('c.md', 1)])

    def test_dead_files(self):
        files = {'src/a/CMakeLists.txt': 'latecomer_library(a SOURCES used.cc # dead.cc\n sub/deep.cc)\n',
                 'src/a/used.cc': '#include "a/used.h"\n', 'src/a/dead.cc': '', 'src/a/used.h': '', 'src/a/dead.h': '',
                 'src/a/sub/deep.cc': '', 'src/a/sub/used.cc': '',
                 'tests/CMakeLists.txt': 'add_subdirectory(x)', 'tests/x/CMakeLists.txt': 'add_test(a.py x_test.py)',
                 'tests/x/x_test.py': '', 'tests/x/y_test.py': ''}
        self.assertEqual(self.findings(rules.no_dead_files, files),
                         [('src/a/dead.cc', 1), ('src/a/sub/used.cc', 1), ('src/a/dead.h', 1), ('tests/x/y_test.py', 1)])

    def test_documents(self):
        files = {'docs/a.md': '[b](b.md) [c](c.md#x)\n[web](https://x/y.md) `src/a/a.h` `src/a/gone.h` `src/<x>/y.h`\n',
                 'docs/b.md': '[up](../src/a/a.h) [top](#x)\n', 'src/a/a.h': ''}
        self.assertEqual(self.findings(rules.documents_name_what_exists, files), [('docs/a.md', 1), ('docs/a.md', 2)])

    def test_ignored_files_are_not_looked_at(self):
        files = {'.gitignore': '/build/\n', 'build/a.cc': '// TO' 'DO\n', 'a.cc': ''}
        self.assertEqual(self.findings(rules.no_notes_to_self, files), [])


class CppTextTest(unittest.TestCase):
    def measured(self, text: str) -> list[tuple[int, int, str]]:
        return cpp_text.functions(text)

    def test_functions_in_namespaces_and_classes(self):
        text = '''namespace a::b {
struct [[nodiscard("x")]] Foo : Bar<int()> {
  Foo() : a_{1}, b_(2) {
    Run();
  }
  int Get() const noexcept { return a_; }
  int a_{0};
  std::vector<int> b_ = {1, 2};
};
template <typename T>
auto Free(T t) -> Result<T>
{
  if (t) {
  }
}
}  // namespace a::b
'''
        self.assertEqual(self.measured(text), [(3, 3, 'Foo'), (6, 1, 'Get'), (10, 6, 'Free')])

    def test_what_is_no_function(self):
        text = 'enum class A : int { kX };\nconstexpr int kTable[] = {\n1, 2\n};\nextern "C" {\nint f(int);\n}\n'
        self.assertEqual(self.measured(text), [])

    def test_lambdas_at_namespace_scope(self):
        found = self.measured('const auto f = [](int a) {\n  return a;\n};\n')
        self.assertEqual([(first, length) for first, length, _ in found], [(1, 3)])

    def test_macros_of_tests(self):
        self.assertEqual(self.measured('TEST(A, B) {\n  X();\n}\nTEST_F(C, D) {\n}\n'), [(1, 3, 'TEST'), (4, 2, 'TEST_F')])

    def test_braces_in_literals(self):
        text = 'void F() {\n  a = "{"; b = \'{\'; c = R"x({ " )" {)x"; d = 1\'000; // {\n  /* { */\n}\nvoid G() {\n}\n'
        self.assertEqual(self.measured(text), [(1, 4, 'F'), (5, 2, 'G')])

    def test_constructors_with_initialisers_over_lines(self):
        text = 'A::A(int x)\n    : B(x),\n      c_{x},\n      d_(x) {\n  Run();\n}\nA::~A() = default;\nvoid A::Go() {\n}\n'
        self.assertEqual(self.measured(text), [(1, 6, 'A::A'), (8, 2, 'A::Go')])

    def test_operators(self):
        self.assertEqual(self.measured('bool operator==(const A& a, const A& b) {\n}\n'), [(1, 2, 'operator==')])

    def test_directives_do_not_count(self):
        text = '#define F(x) { \\\n  x {\nint f() {\n}\n#if A\n#endif\n'
        self.assertEqual(self.measured(text), [(3, 2, 'f')])

    def test_an_unbalanced_file_is_an_error(self):
        for text in ('void F() {', '}', 'namespace a {\n'):
            with self.assertRaises(cpp_text.UnbalancedError):
                self.measured(text)

    def test_includes(self):
        text = '#include <a.h>\n// #include "b.h"\n#  include "c.h"  // "d"\n/*\n#include "e.h"\n*/\n'
        self.assertEqual(cpp_text.includes(text), [(1, 'a.h', False), (3, 'c.h', True)])


if __name__ == '__main__':
    unittest.main()
