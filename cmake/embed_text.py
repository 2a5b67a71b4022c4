"""Writes a C++ file with a function that returns a text file's content.

usage: embed_text.py INPUT OUTPUT.cc HEADER NAMESPACE FUNCTION
"""
import pathlib
import sys

PIECE = 4000  # characters; compilers limit the length of one literal


def main(source: str, output: str, header: str, namespace: str, function: str) -> None:
    text = pathlib.Path(source).read_text(encoding='utf-8')
    if ')~~~~"' in text:
        sys.exit(f'embed_text: {source} holds what ends a raw literal')
    pieces = '\n'.join(f'R"~~~~({text[i:i + PIECE]})~~~~"' for i in range(0, len(text), PIECE))
    pathlib.Path(output).write_text(f'#include "{header}"\n\nnamespace {namespace} {{\n\n'
                                    f'std::string_view {function}() {{\n  return\n{pieces};\n}}\n\n'
                                    f'}}  // namespace {namespace}\n', encoding='utf-8')


if __name__ == '__main__':
    main(*sys.argv[1:])
