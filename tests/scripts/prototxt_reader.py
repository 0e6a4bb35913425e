"""Reads protobuf text format into dicts of lists, independently of the generator's writer."""
import re

TOKEN = re.compile(r'\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|[{}:]|[^\s{}:"#]+')


def read(text):
    """A message as {field name: [values]}; a nested message is such a dict, the rest is str."""
    if "".join(match.group() for match in TOKEN.finditer(text)) != text:
        raise ValueError("not prototxt")
    tokens = [t for t in TOKEN.findall(text) if not t.isspace() and not t.startswith("#")]
    message, rest = _message(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f"unbalanced '}}' at token {rest}")
    return message


def _message(tokens, i):
    message = {}
    while i < len(tokens) and tokens[i] != "}":
        name = tokens[i]
        if tokens[i + 1] == "{":
            value, i = _message(tokens, i + 2)
            if i >= len(tokens):
                raise ValueError(f"'{name} {{' is never closed")
            i += 1
        elif tokens[i + 1] == ":":
            value = tokens[i + 2].strip('"')
            i += 3
        else:
            raise ValueError(f"'{name}' is followed by '{tokens[i + 1]}'")
        message.setdefault(name, []).append(value)
    return message, i
