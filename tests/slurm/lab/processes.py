"""Processes and namespaces from outside: whose child is whose, commands inside, waiting."""

import os
import pathlib
import pwd
import subprocess
import time

# The namespaces of a node; --kill-child: without the process that asked for them all end.
UNSHARE = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"]


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def first_process(namespace):
    """Pid 1 of what `unshare`, the process `namespace`, has made; None while it has not."""
    return next(iter(children(namespace)), None)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def find(words):
    """Pids of processes `unshare ...` whose command line ends with `words`."""
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid in pids if (line := command_line(pid))[:1] == ["unshare"] and line[-len(words):] == words]


def inside(first, directory="/", user=None):
    """What to put before a command so that it runs in the namespaces of the process `first`, and ends with nsenter."""
    prefix = ["nsenter", "--target", str(first), "--mount", "--net", "--uts", "--ipc", "--pid",
              f"--wdns={directory}", "--", "setpriv", "--pdeathsig", "KILL"]
    if user:
        account = pwd.getpwnam(user)
        prefix += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return prefix + ["--"]


def wait_until(condition, timeout, pause=0.02):
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            return None
        time.sleep(pause)
    return value


def reap_for_ever():
    """What pid 1 does: nobody else waits for daemons and orphans."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.2)


def must_run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, **options)
