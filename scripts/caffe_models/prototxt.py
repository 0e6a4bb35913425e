"""Writes protobuf's text format from plain Python values.

A message is a dict: its keys are field names, in the order of the output. A list is a
repeated field, a dict a nested message, `Word("MAX")` an enum value, a str a quoted string.
"""
WIDTH = 100


class Word(str):
    """An enum value: written without quotes."""


def write(message):
    """The text of a message, one line for each field and for each short nested message."""
    return "".join(_field(name, value, "") for name, value in message.items())


def _field(name, value, indent):
    if isinstance(value, (list, tuple)):
        return "".join(_field(name, item, indent) for item in value)
    if not isinstance(value, dict):
        return f"{indent}{name}: {_scalar(value)}\n"
    line = f"{indent}{name} {_one_line(value)}\n"
    if len(line) <= WIDTH and name != "layer":
        return line
    inner = "".join(_field(key, item, indent + "  ") for key, item in value.items())
    return f"{indent}{name} {{\n{inner}{indent}}}\n"


def _one_line(message):
    parts = []
    for name, value in message.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(item, dict):
                parts.append(f"{name} {_one_line(item)}")
            else:
                parts.append(f"{name}: {_scalar(item)}")
    return "{ " + " ".join(parts) + " }" if parts else "{}"


def _scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, int):
        return str(value)
    return f"{value:.9g}"
