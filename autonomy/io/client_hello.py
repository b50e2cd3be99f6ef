"""Reads from the first record of a TLS connection which server the client calls for."""

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _HOST_NAME = 0, 0


class _Bytes:
    """A piece of bytes that is read from its start. Raises ValueError beyond its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def is_through(self) -> bool:
        return self._at >= len(self._data)

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def take(self, length: int) -> bytes:
        if self._at + length > len(self._data):
            raise ValueError("the record ends too early")
        self._at += length
        return self._data[self._at - length : self._at]

    def vector(self, length_bytes: int) -> "_Bytes":
        """What follows its own length."""
        return _Bytes(self.take(self.number(length_bytes)))


def server_name(record: bytes) -> str:
    """The name in a ClientHello's server_name extension, in small letters; empty if there is none or it is none."""
    try:
        return _server_name(_Bytes(record))
    except ValueError:
        return ""


def _server_name(record: _Bytes) -> str:
    if record.number(1) != _HANDSHAKE:
        return ""
    record.take(2)  # the version of the record
    handshake = record.vector(2)
    if handshake.number(1) != _CLIENT_HELLO:
        return ""
    hello = handshake.vector(3)
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session
    hello.vector(2)  # ciphers
    hello.vector(1)  # compression
    extensions = hello.vector(2)
    while not extensions.is_through:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = body.vector(2)
            return names.take(names.number(2)).decode("ascii").lower() if names.number(1) == _HOST_NAME else ""
    return ""
