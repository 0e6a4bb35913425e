"""Reads protobuf's text format into dicts of lists: {field: [values]}, a nested message being such
a dict and everything else a str."""
import re

from .errors import WeightsError

_TOKEN = re.compile(r"""(?P<space>\s+|\#[^\n]*)|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
                    r"""|(?P<mark>[{}<>:;,\[\]])|(?P<word>[^\s{}<>:;,\[\]"'#]+)""")
_CLOSING = {"{": "}", "<": ">"}


def read_prototxt(path):
    """The message in a file. Throws WeightsError with the file and the line."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError as error:
        raise WeightsError(f"cannot read '{path}': {error.strerror or error}") from None
    return _Reader(path, text).message(None)


class _Reader:
    def __init__(self, path, text):
        self.path, self.tokens, at, line = path, [], 0, 1
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise WeightsError(f"{path}:{line}: {text[at]!r} does not belong here")
            if match.lastgroup != "space":
                self.tokens.append((match.group(), line, match.lastgroup))
            line += match.group().count("\n")
            at = match.end()
        self.end = line
        self.next = 0

    def peek(self):
        return self.tokens[self.next][0] if self.next < len(self.tokens) else None

    def take(self):
        if self.next == len(self.tokens):
            raise WeightsError(f"{self.path}:{self.end}: the file ends within a message")
        self.next += 1
        return self.tokens[self.next - 1]

    def message(self, closing):
        result = {}
        while self.peek() != closing:
            name, line, kind = self.take()
            if kind != "word":
                raise WeightsError(
                    f"{self.path}:{line}: expected the name of a field, found {name}")
            colon = self.peek() == ":"
            if colon:
                self.take()
            if self.peek() == "[":
                self.take()
                while self.peek() != "]":
                    self.value(result, name, line, colon)
                    if self.peek() == ",":
                        self.take()
                self.take()
            else:
                self.value(result, name, line, colon)
            if self.peek() in (",", ";"):
                self.take()
        if closing is not None:
            self.take()
        return result

    def value(self, result, name, line, colon):
        token, at, kind = self.take()
        if token in _CLOSING and kind == "mark":
            value = self.message(_CLOSING[token])
        elif kind == "mark" or not colon:
            raise WeightsError(f"{self.path}:{at}: '{name}' of line {line} is followed by {token}")
        elif kind == "text":
            value = re.sub(r"\\(.)", r"\1", token[1:-1])
            while self.next < len(self.tokens) and self.tokens[self.next][2] == "text":
                value += re.sub(r"\\(.)", r"\1", self.take()[0][1:-1])
        else:
            value = token
        result.setdefault(name, []).append(value)
