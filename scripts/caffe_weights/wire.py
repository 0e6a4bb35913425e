"""Protobuf's encoding, as far as files of weights need it.

Weights are long runs of floats, which protobuf stores as they lie in memory: read and written here
as NumPy arrays, they never become Python numbers.
"""

from .errors import WeightsError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(data):
    """(number, wire type, value) of each field of a message, given as a memoryview. A value is an
    int, or for BYTES and the fixed types a memoryview of its bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
        else:
            if kind == BYTES:
                size, at = _varint(data, at)
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
            else:
                raise WeightsError("it is damaged, or no caffemodel")
            if size > len(data) - at:
                raise WeightsError("it is damaged, or no caffemodel: a field reaches past its end")
            value, at = data[at:at + size], at + size
        yield number, kind, value


def _varint(data, at):
    result = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise WeightsError("it is damaged, or no caffemodel: it ends within a number")
        byte = data[at]
        at += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, at
    raise WeightsError("it is damaged, or no caffemodel: a number has no end")


def varints(data):
    """The numbers of a packed field."""
    at, numbers = 0, []
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def key(number, kind):
    return varint(number << 3 | kind)


def field(number, payload):
    """A field of bytes: a text, a message or packed numbers."""
    return key(number, BYTES) + varint(len(payload)) + payload
