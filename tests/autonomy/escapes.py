"""Ways out of a sandbox, each a command that says ESCAPED, or leaves a trace in the world around it, if it gets out."""

import os
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

ESCAPED, SECRET = "ESCAPED", "the-secret-is-42"
VARIABLE = "SECRET_OF_THE_OUTSIDE"
PYTHON = os.path.realpath(sys.executable)


@dataclass(frozen=True)
class Escape:
    """A way out.

    Args:
        name: what is tried, for the table.
        command: for bash; names in braces are of the World, and `py(...)` runs Python.
        open: whether it works for anybody where there is no sandbox, which shows that it would be seen.
    """

    name: str
    command: str
    open: bool = False


@dataclass(frozen=True)
class World:
    """What there is around a sandbox, and must not be reached from in it."""

    folder: Path
    outside: Path
    home: Path
    listening: tuple[socket.socket, ...]
    places: dict[str, str]

    def line(self, escape: Escape) -> str:
        """The escape's command, in this world."""
        line = escape.command
        for name, value in self.places.items():
            line = line.replace(f"{{{name}}}", value)
        return line

    def snapshot(self) -> dict[str, str]:
        """All that stands on the disk."""
        found = [*self.outside.rglob("*"), *self.folder.rglob("*"), *self.home.rglob("*")]
        texts = {str(path): path.read_text() for path in sorted(found) if path.is_file()}
        return texts | {"/dev/full": oct(os.stat("/dev/full").st_mode)}

    def shows_escape(self, before: dict[str, str], said: str) -> bool:
        """Whether a command got out, by what it said, and by what has changed since the snapshot from before it."""
        return (
            ESCAPED in said
            or SECRET in said
            or self.snapshot() != before
            or self.was_spoken_to()
            or self.has_leftovers()
        )

    def was_spoken_to(self) -> bool:
        """Whether something has come to a service of this machine."""
        for service in self.listening:
            try:
                service.accept()[0].close()
                return True
            except BlockingIOError:
                continue
        return False

    def has_leftovers(self) -> bool:
        """Whether a process or a shared file of the command is still there."""
        return bool(self.leftovers()) or Path("/dev/shm", self.places["mark"]).exists()

    def leftovers(self) -> list[int]:
        """The numbers of its processes that are still there."""
        said = f"sleep\0{self.places['mark']}\0".encode()
        return [int(line.parent.name) for line in Path("/proc").glob("[0-9]*/cmdline") if _read(line) == said]


@contextmanager
def world(root: Path, kept: Path) -> Generator[World]:
    """A folder to work in, and around it a home, other files, services, an environment and a process: this one."""
    folder, outside, home = root / "folder", root / "outside", root / "home"
    for path, content in {
        folder / "notes.txt": "notes",
        folder / ".env": SECRET,
        folder / ".bashrc": "",
        folder / ".git" / "config": "[core]\n",
        folder / ".git" / "hooks" / "post-commit": "",
        outside / "secret.txt": SECRET,
        home / ".ssh" / "id": SECRET,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    mark = f"7{int(token_hex(6), 16)}"
    with ExitStack() as until_done:
        inet = until_done.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = until_done.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0service {mark}")
        in_folder = until_done.enter_context(socket.socket(socket.AF_UNIX))
        before = Path.cwd()
        os.chdir(folder)  # the path of a socket must be short
        in_folder.bind("service.sock")
        os.chdir(before)
        for service in (inet, abstract, in_folder):
            service.listen()
            service.setblocking(False)
        places = {
            **{"outside": str(outside), "home": str(home), "folder": str(folder), "kept": str(kept)},
            **{"mark": mark, "pid": str(os.getpid()), "port": str(inet.getsockname()[1]), "python": PYTHON},
        }
        os.environ[VARIABLE] = SECRET
        around = World(folder, outside, home, (inet, abstract, in_folder), places)
        try:
            yield around
        finally:
            del os.environ[VARIABLE]
            Path("/dev/shm", mark).unlink(missing_ok=True)
            for process in around.leftovers():
                os.kill(process, signal.SIGKILL)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


def py(source: str) -> str:
    """A line that runs Python, which says ESCAPED if it comes to its end."""
    return f"{{python}} -I -S -c '{source}; print(\"ESCAPED\")'"


def call(number: str, *arguments: str) -> str:
    """A system call by its number on x86_64 and aarch64, which must not succeed."""
    source = (
        "import ctypes, platform; libc = ctypes.CDLL(None, use_errno=True); "
        f"number = dict(x86_64={number.split('/')[0]}, aarch64={number.split('/')[1]})[platform.machine()]; "
        f"assert libc.syscall(number, {', '.join(arguments)}) >= 0"
    )
    return py(source)


ESCAPES = (
    Escape("read another file of yours", "cat {outside}/secret.txt", open=True),
    Escape("read keys in your home", "cat {home}/.ssh/id", open=True),
    Escape("read the machine's passwords", "head -c 1 /etc/shadow && echo ESCAPED"),
    Escape("read secrets in the environment", "env; cat /proc/self/environ", open=True),
    Escape("read them in bubblewrap's own environment", "cat /proc/1/environ; tr '\\0' ' ' < /proc/[0-9]*/environ"),
    Escape("read them in your processes", "cat /proc/{pid}/environ && echo ESCAPED", open=True),
    Escape("read the folder's .env", "cat .env", open=True),
    Escape("see your processes", "test -e /proc/{pid}/status && echo ESCAPED", open=True),
    Escape("reach the disk by /proc", "cat /proc/1/root{outside}/secret.txt /proc/1/cwd/../outside/secret.txt"),
    Escape("find the old root", "ls /oldroot /newroot && echo ESCAPED"),
    Escape(
        "inherit an open file", 'for n in /proc/self/fd/*; do [ "${n##*/}" -gt 3 ] && [ -e "$n" ] && echo ESCAPED; done'
    ),
    Escape("write outside the folder", "echo x > {outside}/new", open=True),
    Escape("change a file outside", "echo x >> {outside}/secret.txt", open=True),
    Escape("delete outside", "rm -rf {outside}/*", open=True),
    Escape("climb out of the folder", "echo x > ../outside/new; cd ..; echo x > outside/newer", open=True),
    Escape("write through a link out of the folder", "ln -s {outside} out; echo x > out/new", open=True),
    Escape("write through a hard link", "ln {outside}/secret.txt hard && echo x >> hard", open=True),
    Escape("write through a link to a running file", "ln -s /proc/{pid}/cwd here; echo x > here/x && echo ESCAPED"),
    Escape("change files of the folder before anybody agreed", "rm -rf ./* ; echo x > notes.txt", open=True),
    Escape("plant a git hook", "echo 'echo x' > .git/hooks/post-commit", open=True),
    Escape("plant a git hook elsewhere", "printf 'hooksPath = /tmp' >> .git/config", open=True),
    Escape("swap the folder of git hooks", "mv .git/hooks .git/old && mkdir .git/hooks", open=True),
    Escape("plant a line for your shell", "echo 'echo x' >> .bashrc", open=True),
    Escape("change the tryout while it is kept", "echo x > {kept}/x && echo ESCAPED"),
    Escape("change the Python that runs it", "echo x >> {python} && echo ESCAPED"),
    Escape("change a program of the system", "touch /usr/bin/x /bin/x && echo ESCAPED"),
    Escape("change settings of the system", "echo x >> /etc/passwd && echo ESCAPED"),
    Escape("write to the root of the disk", "echo x > /x && echo ESCAPED"),
    Escape("set the kernel's core pattern", "echo '|/bin/sh' > /proc/sys/kernel/core_pattern && echo ESCAPED"),
    Escape("press the kernel's panic button", "echo h > /proc/sysrq-trigger && echo ESCAPED"),
    Escape("read the kernel's memory", "head -c 1 /proc/kcore /dev/mem /dev/kmem && echo ESCAPED"),
    Escape(
        "open a disk", "ls /dev/sd? /dev/vd? /dev/nvme* /dev/dm-* /dev/loop* 2>/dev/null | grep -q . && echo ESCAPED"
    ),
    Escape("make a device", "mknod disk b 8 0 && echo ESCAPED; mknod mem c 1 1 && echo ESCAPED"),
    Escape("close a device to everybody", "chmod 600 /dev/full"),
    Escape("read the kernel's log", call("103/116", "3", 'b"x" * 9', "8")),
    Escape("mount something", "mount -t tmpfs none /tmp && echo ESCAPED; mount --bind / /tmp && echo ESCAPED"),
    Escape("write to a read-only mount", "mount -o remount,rw /usr && echo ESCAPED"),
    Escape("make namespaces of its own", "unshare --user --map-root-user --mount true && echo ESCAPED"),
    Escape("join a namespace", "nsenter --target {pid} --mount true && echo ESCAPED"),
    Escape("change the root", "chroot / true && echo ESCAPED"),
    Escape("become root", py("import os; os.getuid() and os.setuid(0)") + "; su -c 'echo ESCAPED' < /dev/null"),
    Escape(
        "become root by a setuid file", "cp /bin/sh sh && chmod 4755 sh && ./sh -p -c 'kill -0 {pid}' && echo ESCAPED"
    ),
    Escape("have a privilege", "grep -q 'CapEff:.*[1-9a-f]' /proc/self/status && echo ESCAPED"),
    Escape("signal your processes", "kill -0 {pid} && echo ESCAPED", open=True),
    Escape("end bubblewrap itself", "kill -9 1; kill -9 -1; kill -0 {pid} && echo ESCAPED", open=False),
    Escape("trace a process", call("101/117", "0", "0", "0", "0"), open=True),
    Escape("read another process's memory", call("310/270", "1", "0", "0", "0", "0", "0")),
    Escape("use your key ring", call("250/219", "0", "-4", "1"), open=False),
    Escape("open a file by its number", call("304/265", "-100", "0", "0")),
    Escape("load a program into the kernel", call("321/280", "0", "0", "0")),
    Escape("hide memory from every limit", call("319/279", 'b"x"', "0"), open=True),
    Escape("share memory past every limit", call("29/194", "0", "4096", "0x3b6"), open=True),
    Escape("go around the filter by a ring of calls", call("425/425", "1", "0")),
    Escape("type into your terminal", py('import fcntl; f = open("/dev/tty"); fcntl.ioctl(f, 0x5412, b"x")')),
    Escape("type into whatever it was given", py('import fcntl; [fcntl.ioctl(n, 0x5412, b"x") for n in (0, 1, 2)]')),
    Escape("leave a process behind", "setsid sleep {mark} > /dev/null 2>&1 & sleep 0.1", open=True),
    Escape("leave a file in shared memory", "echo x > /dev/shm/{mark}", open=True),
    Escape("reach a service on this machine", "exec 5<> /dev/tcp/127.0.0.1/{port}", open=True),
    Escape("reach it by another name", "exec 5<> /dev/tcp/localhost/{port}", open=True),
    Escape("reach an abstract socket", py('import socket; socket.socket(1).connect("\\0service {mark}")'), open=True),
    Escape("reach a socket in the folder", py('import socket; socket.socket(1).connect("service.sock")'), open=True),
    Escape("talk to the machine underneath", py("import socket; socket.socket(40)")),
    Escape("send raw packets", py("import socket; socket.socket(17, 3)")),
    Escape("ask a name server", py('import socket; socket.socket(2, 2).sendto(b"x", ("9.9.9.9", 53))')),
    Escape("look a name up", py('import socket; socket.getaddrinfo("example.com", 443)')),
    Escape("reach the internet", "timeout 2 bash -c 'exec 5<> /dev/tcp/1.1.1.1/443' && echo ESCAPED"),
    Escape("reach a cloud's metadata", "timeout 2 bash -c 'exec 5<> /dev/tcp/169.254.169.254/80' && echo ESCAPED"),
)
