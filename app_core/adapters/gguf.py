"""Reading the header of a GGUF file: what a model file says of itself before it is loaded."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import NoLocalModel

_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_LONGEST_TEXT = 1 << 24
_MOST_KEYS = 1 << 16


@dataclass(frozen=True)
class GgufHeader:
    """What matters of the header: the model's own name and the tokens it was trained to hold."""

    name: str
    context_tokens: int


def read_header(path: Path) -> GgufHeader:
    """Reads the header of a GGUF file.

    Raises:
        NoLocalModel: if there is no such file, or it is not a GGUF model.
    """
    try:
        with path.open("rb") as file:
            found = _read(file)
    except OSError as error:
        raise NoLocalModel(
            f"The model file {path} can't be read: {error.strerror}. Give the path of a GGUF file, as gguf:PATH."
        ) from None
    except (struct.error, ValueError) as error:
        raise NoLocalModel(
            f"{path} is no usable GGUF model: {error}. The file may be damaged or of another kind; fetch it again."
        ) from None
    return found


def _read(file: BinaryIO) -> GgufHeader:
    if file.read(4) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    version, _tensors, keys = _number(file, 4), _number(file, 10), _number(file, 10)
    if version < 2 or keys > _MOST_KEYS:
        raise ValueError(f"version {version} with {keys} keys is not understood")
    wanted: dict[str, object] = {}
    for _ in range(int(keys)):
        key, value = _text(file), _value(file, int(_number(file, 4)))
        wanted[key] = value
        context = wanted.get(f"{wanted.get('general.architecture')}.context_length")
        if isinstance(context, int) and context > 0:
            return GgufHeader(str(wanted.get("general.name", "")), context)
    raise ValueError("it does not say how many tokens the model can hold")


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner = int(_number(file, 4))
        for _ in range(int(_number(file, 10))):
            _value(file, inner)
        return None
    return _number(file, kind)


def _number(file: BinaryIO, kind: int) -> int | float:
    if kind not in _NUMBERS:
        raise ValueError(f"it holds a value of the unknown kind {kind}")
    form = _NUMBERS[kind]
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _text(file: BinaryIO) -> str:
    length = int(_number(file, 10))
    if length > _LONGEST_TEXT:
        raise ValueError(f"a text in it claims {length:,} bytes")
    return file.read(length).decode("utf-8", "replace")
