"""The system calls that a command in the sandbox goes without: a filter that the kernel holds it to.

Namespaces hide files, processes and the network. What is left here needs no privilege and is not hidden by them: the
user's key rings, sockets to the machine underneath (vsock), sockets of other programs that lie in a folder, memory that
no limit counts, typing into a terminal.
"""

import platform
from collections.abc import Iterable
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from struct import pack

_X86, _ARM = "x86_64", "aarch64"

_ARCH = {_X86: 0xC000003E, _ARM: 0xC00000B7}
"""What the kernel calls the machine when it shows a filter a call."""

_REFUSED: dict[str, tuple[int, int]] = {
    "shmget": (29, 194),
    "ptrace": (101, 117),
    "syslog": (103, 116),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "memfd_secret": (447, 447),
}
"""By name: its number on x86_64 and on aarch64."""

_SOCKET = {_X86: 41, _ARM: 198}
_IOCTL = {_X86: 16, _ARM: 29}

_FAMILIES = (2, 10, 16)
"""IPv4, IPv6 and netlink, by which a program asks which addresses it has. All of them end at the namespace."""

_TERMINAL = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into the terminal."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCH_AT, _FIRST_AT, _SECOND_AT = 0, 4, 16, 24
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32_FROM = 0x40000000
"""From here x86_64 numbers its calls a second time, for programs of another kind."""


def refusing(machine: str = "") -> bytes:
    """The filter, as the kernel reads it; empty for a machine whose calls are not known here.

    Args:
        machine: "x86_64" or "aarch64"; by default this one.
    """
    machine = machine or platform.machine()
    if machine not in _ARCH:
        return b""
    column = 0 if machine == _X86 else 1
    lines = [
        _line(_LOAD, _ARCH_AT),
        _line(_EQUAL, _ARCH[machine], skip_if=1),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER_AT),
        _line(_AT_LEAST, _X32_FROM, skip_unless=1),
        _line(_RETURN, _ERROR | ENOSYS),
    ]
    for numbers in _REFUSED.values():
        lines += [_line(_EQUAL, numbers[column], skip_unless=1), _line(_RETURN, _ERROR | EPERM)]
    lines += _only(_SOCKET[machine], _FIRST_AT, _FAMILIES, listed=_ALLOW, others=_ERROR | EAFNOSUPPORT)
    lines += _only(_IOCTL[machine], _SECOND_AT, _TERMINAL, listed=_ERROR | EPERM, others=_ALLOW)
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _only(call: int, argument_at: int, values: Iterable[int], *, listed: int, others: int) -> list[bytes]:
    """What becomes of one call, by one of its arguments."""
    by_value = [part for value in values for part in (_line(_EQUAL, value, skip_unless=1), _line(_RETURN, listed))]
    body = [_line(_LOAD, argument_at), *by_value, _line(_RETURN, others)]
    return [_line(_EQUAL, call, skip_unless=len(body)), *body]


def _line(code: int, value: int, *, skip_if: int = 0, skip_unless: int = 0) -> bytes:
    return pack("=HBBI", code, skip_if, skip_unless, value)
