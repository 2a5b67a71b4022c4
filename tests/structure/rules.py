"""The rules of this code base. Each takes a Tree and yields findings: (path, line, what is wrong and what to do)."""
import ast
import os.path
import re
from collections.abc import Iterator

import cpp_text
from tree import Tree, is_test

Finding = tuple[str, int, str]

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 800
LAYERS = 'src/layers.txt'
CODE = ('.cc', '.h', '.py', '.cmake', '.sh', '.ts', '.tsx', '.css')
# Folders that are values in, values out: whoever calls them gives them time and data.
PURE_FOLDERS = ('table', 'lateness')
NOT_PURE = re.compile(
    r'<(?:fstream|filesystem|iostream|thread|mutex|shared_mutex|condition_variable|future|unistd\.h|fcntl\.h)>'
    r'|\w*_clock::now\b|\bstd::time\s*\(|\bgetenv\s*\(|\bf(?:open|printf|read|write)\s*\(|\bprintf\s*\(')


def _lines_matching(text: str, pattern: re.Pattern) -> Iterator[tuple[int, str]]:
    for match in pattern.finditer(text):
        yield text.count('\n', 0, match.start()) + 1, match[0]


def _folder(path: str) -> str:
    parts = path.split('/')
    return parts[1] if parts[0] == 'src' and len(parts) > 2 else ''


def _layers(tree: Tree) -> dict[str, list[str]]:
    layers = {}
    if tree.has(LAYERS):
        for line in tree.text(LAYERS).splitlines():
            if match := re.fullmatch(r'([a-z_]+):(.*)', line):
                layers[match[1]] = match[2].split()
    return layers


def _ring(edges: dict[str, list[str]]) -> list[str]:
    """One ring in a graph, first node repeated at the end; empty when there is none."""
    done: set[str] = set()
    for root in edges:
        stack, trail = [(root, iter(edges.get(root, ())))], [root]
        while stack and root not in done:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in done), None)
            if following is None:
                done.add(node)
                stack.pop()
                trail.pop()
            elif following in trail:
                return trail[trail.index(following):] + [following]
            else:
                stack.append((following, iter(edges.get(following, ()))))
                trail.append(following)
    return []


def layers_have_no_ring(tree: Tree) -> Iterator[Finding]:
    layers = _layers(tree)
    if ring := _ring(layers):
        yield LAYERS, 1, f'the folders {" → ".join(ring)} use each other; move what they share to a lower folder'
    for folder, uses in layers.items():
        for used in uses:
            if used not in layers:
                yield LAYERS, 1, f'{folder} uses {used}, which has no line of its own; add one'
    for folder in {_folder(p) for p in tree.matching('.cc', '.h', under='src/')} - set(layers) - {''}:
        yield LAYERS, 1, f'src/{folder} has no line; add one that names the folders it may include'


def includes_obey_layers(tree: Tree) -> Iterator[Finding]:
    layers = _layers(tree)
    for path in tree.matching('.cc', '.h'):
        folder = _folder(path)
        allowed = {folder, *layers.get(folder, ())}
        if is_test(path):
            allowed |= {'testing', *layers.get('testing', ())}
        for line, included, quoted in cpp_text.includes(tree.text(path)):
            if not quoted:
                continue
            if not tree.has('src/' + included):
                if not tree.has(os.path.join(os.path.dirname(path), included)) or folder:
                    yield path, line, (f'there is no src/{included}; our own headers are included as "folder/file.h", '
                                       'those of libraries in <>')
                continue
            used = included.split('/')[0]
            if not folder or used in allowed:
                continue
            if used == 'testing':
                yield path, line, 'testing/ is for tests; move what the program needs to a folder below this one'
            else:
                yield path, line, (f'{folder}/ may not include {used}/ (src/layers.txt); take it as an argument or '
                                   'through an interface of a lower folder, and let cli/ wire it')


def headers_have_no_ring(tree: Tree) -> Iterator[Finding]:
    edges = {}
    for path in tree.matching('.h', under='src/'):
        edges[path] = ['src/' + i for _, i, quoted in cpp_text.includes(tree.text(path)) if quoted]
    if ring := _ring(edges):
        yield ring[0], 1, f'headers include each other: {" → ".join(ring)}; forward-declare, or split what both need'


def headers_have_pragma_once(tree: Tree) -> Iterator[Finding]:
    for path in tree.matching('.h'):
        first = cpp_text.without_comments(tree.text(path)).split(None, 2)[:2]
        if first != ['#pragma', 'once']:
            yield path, 1, 'a header starts with #pragma once (after its comment), not with an include guard'


def _python_functions(text: str) -> list[tuple[int, int, str]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.lineno, n.end_lineno - n.lineno + 1, n.name) for n in ast.walk(ast.parse(text)) if isinstance(n, kinds)]


def functions_are_short(tree: Tree) -> Iterator[Finding]:
    for path in tree.matching('.cc', '.h', '.py'):
        try:
            measure = _python_functions if path.endswith('.py') else cpp_text.functions
            found = measure(tree.text(path))
        except cpp_text.UnbalancedError as error:
            yield path, error.line, 'this brace has no partner in sight of the checker; write it without macros'
            continue
        for line, length, name in found:
            if length > MAX_FUNCTION_LINES:
                yield path, line, (f'{name} has {length} lines, more than {MAX_FUNCTION_LINES}; split it by meaning '
                                   'and name the parts')


def files_are_short(tree: Tree) -> Iterator[Finding]:
    for path in [*tree.matching(*CODE), *tree.matching('', under='script/')]:
        length = tree.text(path).count('\n')
        if length > MAX_FILE_LINES:
            yield path, 1, f'{length} lines, more than {MAX_FILE_LINES}; give each of its subjects a file of its own'


def no_shell(tree: Tree) -> Iterator[Finding]:
    pattern = re.compile(r'(?:\bstd::|(?<![\w.>:])(?:::)?)(?:system|popen)\s*\(')
    for path in tree.matching('.cc', '.h'):
        for line, found in _lines_matching(cpp_text.without_literals(tree.text(path)), pattern):
            yield path, line, f'{found}…) runs a shell; start programs with executor/spawn.h, arguments as a list'
    shell = re.compile(r'\bos\.(?:system|popen)\s*\(|\bshell\s*=\s*True\b')
    for path in tree.matching('.py'):
        for line, found in _lines_matching(_python_code(tree.text(path)), shell):
            yield path, line, f'{found} runs a shell; use subprocess.run with a list'


def _python_code(text: str) -> str:
    """Python without its strings and comments; line numbers stay."""
    skipped = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|'
                         r"'(?:[^'\\\n]|\\.)*'|#[^\n]*", re.DOTALL)
    return skipped.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]), text)


def no_sleep_in_tests(tree: Tree) -> Iterator[Finding]:
    cpp = re.compile(r'\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(')
    python = re.compile(r'\b(?:time|asyncio)\.sleep\s*\(')
    for path in filter(is_test, tree.matching('.cc', '.h', '.py')):
        is_python = path.endswith('.py')
        code = _python_code(tree.text(path)) if is_python else cpp_text.without_literals(tree.text(path))
        for line, found in _lines_matching(code, python if is_python else cpp):
            yield path, line, (f'{found}…) in a test; move the fake clock, or wait for the event itself '
                               '(a file, a pipe, a condition with a deadline)')


def _arguments(text: str, at: int) -> str:
    """What stands in the parentheses of the first call after `at`, before its statement ends."""
    begin, depth = text.find('(', at), 0
    if begin < 0 or ';' in text[at:begin]:
        return ''
    for match in re.compile(r'[()]').finditer(text, begin):
        depth += 1 if match[0] == '(' else -1
        if depth == 0:
            return text[begin:match.end()]
    return ''


def awaits_are_plain(tree: Tree) -> Iterator[Finding]:
    """g++ 12 destroys temporaries of these forms twice, or too early."""
    braced = re.compile(r'(?:[(,]|\b(?!mutable\b)\w+|>)\s*\{')
    for path in tree.matching('.cc', '.h'):
        text = cpp_text.without_literals(tree.text(path))
        for match in re.compile(r'\bco_await\b').finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            begin = max(text.rfind(end, 0, match.start()) for end in ';{}') + 1
            end = text.find(';', match.start())
            if '?' in text[begin:end]:
                yield path, line, 'co_await inside ?: is miscompiled by g++ 12; use if and else'
            if braced.search(_arguments(text, match.end())):
                yield path, line, 'a braced temporary in an awaited call is miscompiled by g++ 12; name the argument first'


def pure_folders_are_pure(tree: Tree) -> Iterator[Finding]:
    for folder in PURE_FOLDERS:
        for path in tree.matching('.cc', '.h', under=f'src/{folder}/'):
            if is_test(path):
                continue
            for line, found in _lines_matching(cpp_text.without_literals(tree.text(path)), NOT_PURE):
                yield path, line, f'{found} in {folder}/, which holds no I/O, threads or clock; take it as an argument'


def no_place_of_one_machine(tree: Tree) -> Iterator[Finding]:
    place = re.compile(r'(?<![\w.~$}/-])/(?:work|root|home|Users)/[\w.-]+')
    host = re.compile(r'\b(?:[\w-]+\.)*(?:pypi\.org|pythonhosted\.org|npmjs\.org|maven\.org|debian\.org|docker\.io|'
                      r'pkg\.dev|jfrog\.io)\b')
    for path in tree.paths:
        for line, found in _lines_matching(tree.text(path), place):
            yield path, line, f'{found} is a path of one machine; write it relative to the repository or to $HOME'
        for line, found in _lines_matching(tree.text(path), host):
            yield path, line, f'{found} is a host of a registry; name the package, the machine knows where to get it'


def no_notes_to_self(tree: Tree) -> Iterator[Finding]:
    notes = re.compile(r'\b(?:' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'X' * 3)) + r')\b')
    for path in tree.paths:
        for line, found in _lines_matching(tree.text(path), notes):
            yield path, line, f'{found}: do it now, or say in docs/ what does not work yet'


def _names(tree: Tree, cmake: str, path: str) -> bool:
    """Whether a CMakeLists.txt names a file of its folder or below."""
    name = re.escape(path[len(cmake.rsplit('/', 1)[0]) + 1:])
    return re.search(rf'(?<![\w./-]){name}(?![\w.-])', re.sub(r'#[^\n]*', '', tree.text(cmake))) is not None


def _lists_of(tree: Tree, path: str) -> list[str]:
    """The CMakeLists.txt of a file's folder and of those above it, inside the same top folder."""
    parts = path.split('/')[:-1]
    lists = ['/'.join(parts[:i]) + '/CMakeLists.txt' for i in range(len(parts), 0, -1)]
    return [p for p in lists if tree.has(p)]


def no_dead_files(tree: Tree) -> Iterator[Finding]:
    included = set()
    for path in tree.matching('.cc', '.h'):
        included |= {i for _, i, quoted in cpp_text.includes(tree.text(path)) if quoted}
    for path in tree.matching('.cc'):
        if not any(_names(tree, p, path) for p in _lists_of(tree, path)):
            yield path, 1, 'no CMakeLists.txt above it names it, so it is never built; add it or remove it'
    for path in tree.matching('.h', under='src/'):
        if path[len('src/'):] not in included:
            yield path, 1, 'no file includes it; use it or remove it'
    for path in tree.matching('_test.py', under='tests/'):
        by_script = path.startswith(('tests/peers/', 'tests/services/'))  # script/test runs all that are there
        if not by_script and not any(_names(tree, p, path) for p in _lists_of(tree, path)):
            yield path, 1, 'no CMakeLists.txt above it names it, so the test never runs; add it with add_test'


def documents_name_what_exists(tree: Tree) -> Iterator[Finding]:
    link = re.compile(r'\]\((?!\w+:|#|/)([^)#\s]+)')
    name = re.compile(r'`((?:src|docs|script|tests|examples|cmake|fuzz|bench)/[\w./-]+\.\w+)`')
    for path in tree.matching('.md'):
        text = tree.text(path)
        targets = [(m, os.path.normpath(os.path.join(os.path.dirname(path), m[1]))) for m in link.finditer(text)]
        targets += [(m, m[1]) for m in name.finditer(text)]
        for match, target in targets:
            if not tree.has(target):
                yield path, text.count('\n', 0, match.start()) + 1, f'there is no {target}; correct the name'


ALL = (layers_have_no_ring, includes_obey_layers, headers_have_no_ring, headers_have_pragma_once, functions_are_short,
       files_are_short, no_shell, no_sleep_in_tests, awaits_are_plain, pure_folders_are_pure, no_place_of_one_machine,
       no_notes_to_self, no_dead_files, documents_name_what_exists)
