"""Private and shared directories of a node, by mount(2) in the mount namespace this process is in."""

import ctypes
import os
import pathlib

PRIVATE = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/spool")
_MS_BIND, _MS_REC = 0x1000, 0x4000
_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source, target, kind, flags, data):
    if _libc.mount(os.fsencode(source), os.fsencode(target), kind, flags, data) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot mount {source} on {target}: {os.strerror(error)}")


def bind(source, target):
    """Shows the file or directory `source`, with what is mounted below it, at `target`."""
    _mount(source, target, None, _MS_BIND | _MS_REC, None)


def make_private(shared):
    """Fresh memory file systems over PRIVATE; the directories `shared` stay what they were."""
    kept = [(path, os.open(path, os.O_PATH)) for path in map(str, shared)
            if any(pathlib.Path(path).is_relative_to(private) for private in PRIVATE)]
    for private in PRIVATE:
        _mount("none", private, b"tmpfs", 0, b"mode=755" if private in ("/run", "/var/spool") else b"mode=1777")
    for path, fd in kept:
        os.makedirs(path, exist_ok=True)
        bind(f"/proc/self/fd/{fd}", path)
        os.close(fd)
    os.makedirs("/run/lock")
