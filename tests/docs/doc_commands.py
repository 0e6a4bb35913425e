"""Reads the commands out of Markdown pages.

Commands stand in blocks fenced as ```sh. A block that a test cannot run says why behind that word:

    ```sh gpu download

Listings, logs and definitions are indented or fenced otherwise. Only the standard library is needed.
"""
import re
import shlex

REASONS = {
    "download": "needs files from the network",
    "gpu": "needs a GPU",
    "hours": "trains for longer than a test may take",
    "install": "changes the system, or builds the project",
    "yours": "is about the reader's own files",
    "earlier": "needs what a block that is not run would have made",
    "pytorch": "needs PyTorch",
}

FENCE = re.compile(r"^```(.*)$")


class Block:
    """Commands of one fence: the page, the line of the fence, the text, and reasons not to run it."""

    def __init__(self, page, line, reasons, text):
        self.page, self.line, self.reasons, self.text = page, line, reasons, text

    def __str__(self):
        return f"{self.page}:{self.line}"

    def commands(self):
        """Each simple command as a list of words: continued lines joined, assignments, redirections
        and comments taken off, pipes and lists split."""
        text = re.sub(r"(^|\s)#.*$", "", self.text.replace("\\\n", " "), flags=re.M)
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>\n")
        lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t", "", True
        words, skip_next = [], False
        for word in [*lexer, ";"]:
            if skip_next:
                skip_next = False
            elif set(word) <= set("<>"):
                skip_next = True
                if words and words[-1].isdigit():
                    words.pop()
            elif set(word) <= set("|&;\n"):
                while words and re.match(r"[A-Za-z_]\w*=", words[0]):
                    words.pop(0)
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def blocks_of(page, text):
    """The blocks of commands of a page, in order. Raises ValueError for a reason that is unknown."""
    blocks, start, language, lines = [], None, [], []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if start is None:
            if fence:
                start, language, lines = number, fence.group(1).split(), []
            continue
        if not fence:
            lines.append(line)
            continue
        if language[:1] == ["sh"]:
            unknown = [word for word in language[1:] if word not in REASONS]
            if unknown:
                raise ValueError(f"{page}:{start}: unknown reason {unknown}; known: {sorted(REASONS)}")
            blocks.append(Block(page, start, language[1:], "\n".join(lines) + "\n"))
        start = None
    if start is not None:
        raise ValueError(f"{page}:{start}: the fence is not closed")
    return blocks


def indented_lines(text):
    """(line number, text) of lines that are indented as code and not within a fence."""
    within = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            within = not within
        elif not within and line.startswith("    "):
            yield number, line.strip()
