"""Reads C++ just well enough to check its shape: text without comments and literals, includes, and functions."""
import re

_SKIPPED = re.compile(
    r'//(?:[^\n\\]|\\.|\\\n)*'                                    # line comment
    r'|/\*.*?\*/'                                                 # block comment
    r'|(?:\b(?:u8|[uUL])?R)"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:[^"\\\n]|\\.)*"'                                       # string
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'",                      # character, not 1'000
    re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>[<"])(?P<path>[^>"]+)[>"]', re.MULTILINE)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.MULTILINE)
_SCOPE = re.compile(r'(?:\b(?:namespace|class|struct|union|enum)\b|\bextern\s*""\s*$)')
_AFTER_PARAMETERS = re.compile(
    r'\)\s*(?:const|volatile|noexcept|override|final|mutable|&&?|try|->[^;{}=]*|requires\b[^;{}=]*|\s)*$')
_INITIALISER_LIST = re.compile(r'\)\s*(?:noexcept\s*)?:(?!:)')


def _blank(text: str) -> str:
    return re.sub(r'[^\n]', ' ', text)


def without_comments(text: str) -> str:
    """The text with comments blanked; literals and line numbers stay."""
    return _SKIPPED.sub(lambda m: _blank(m[0]) if m[0].startswith(('//', '/*')) else m[0], text)


def without_literals(text: str) -> str:
    """The text with comments blanked and strings emptied; line numbers stay."""
    def replace(match: re.Match) -> str:
        if match[0].startswith(('//', '/*')):
            return _blank(match[0])
        return '""' + '\n' * match[0].count('\n')
    return _SKIPPED.sub(replace, text)


def includes(text: str) -> list[tuple[int, str, bool]]:
    """(line, path, quoted) for each #include."""
    plain = without_comments(text)
    return [(plain.count('\n', 0, m.start('open')) + 1, m['path'], m['open'] == '"') for m in _INCLUDE.finditer(plain)]


class UnbalancedError(Exception):
    """The braces of a file don't match, so nothing can be said about it."""

    def __init__(self, line: int):
        super().__init__(f'line {line}')
        self.line = line


class _Scanner:
    def __init__(self, text: str):
        plain = without_literals(text)
        self.text = _DIRECTIVE.sub(lambda m: _blank(m[0]), plain)
        self.functions: list[tuple[int, int, str]] = []

    def line(self, at: int) -> int:
        return self.text.count('\n', 0, at) + 1

    def closing(self, at: int) -> int:
        """The place after the brace that closes the one at `at`."""
        depth = 0
        for match in re.compile(r'[{}]').finditer(self.text, at):
            depth += 1 if match[0] == '{' else -1
            if depth == 0:
                return match.end()
        raise UnbalancedError(self.line(at))

    def run(self) -> list[tuple[int, int, str]]:
        """Walks namespaces and classes; a function's body is measured and left out."""
        start, at, open_scopes = 0, 0, []
        tokens = re.compile(r'[{};]|\b(?:public|private|protected)\s*:')
        while match := tokens.search(self.text, at):
            at = match.end()
            if match[0] == '}':
                if not open_scopes:
                    raise UnbalancedError(self.line(match.start()))
                open_scopes.pop()
                start = at
            elif match[0] == '{':
                header = self.text[start:match.start()]
                kind = _kind(header)
                if kind == 'scope':
                    open_scopes.append(match.start())
                    start = at
                    continue
                at = self.closing(match.start())
                if kind == 'function':
                    self.functions.append(self._measured(start, header, at))
                    start = at
            else:
                start = at
        if open_scopes:
            raise UnbalancedError(self.line(open_scopes[-1]))
        return self.functions

    def _measured(self, start: int, header: str, end: int) -> tuple[int, int, str]:
        first = self.line(start + len(header) - len(header.lstrip()))
        name = re.search(r'([~\w:]+|operator[^\s(]*)\s*\(', header)
        return first, self.line(end - 1) - first + 1, name[1] if name else 'lambda'


def _outside_parens(header: str) -> str:
    while (shorter := re.sub(r'\([^()]*\)', '', header)) != header:
        header = shorter
    return header


def _kind(header: str) -> str:
    """What the brace after `header` opens: scope, function, or initialiser."""
    header = header.rstrip()
    outside = _outside_parens(re.sub(r'template\s*<[^;{}]*?>\s*(?=class|struct|\w)', '', header))
    if ')' not in header and _SCOPE.search(outside):
        return 'scope'
    list_at = _INITIALISER_LIST.search(header)
    if list_at and re.search(r'[\w>]$', header) and not _AFTER_PARAMETERS.search(header):
        return 'initialiser'          # Foo::Foo() : a_{…}
    if list_at and (header.endswith(')') or re.search(r'[,\w>]\s*$', header) is None):
        return 'function'
    if _AFTER_PARAMETERS.search(header) or re.search(r'\]\s*$', header) and '=' in outside:
        return 'function'
    if re.match(r'\s*(?:alignas\s*\([^)]*\)|\[\[[^\]]*\]\]|\s)*(?:class|struct|union|enum|namespace)\b', header):
        return 'scope'                # struct [[nodiscard("…")]] Foo
    return 'initialiser'


def functions(text: str) -> list[tuple[int, int, str]]:
    """(first line, number of lines, name) of each function that isn't inside another one."""
    return _Scanner(text).run()
