"""A compute node: its namespaces, its devices, slurmd."""

import os
import pathlib
import socket
import subprocess

from . import mounts
from .processes import UNSHARE, must_run, reap_for_ever, wait_until


def boot(settings, node, program):
    """Runs in the cluster: makes the namespaces and plugs the node's card into the switch."""
    far = f"new-{node}"
    subprocess.run(["ip", "link", "delete", node], stderr=subprocess.DEVNULL)  # of a node that lost its power
    must_run("ip", "link", "add", node, "type", "veth", "peer", "name", far)
    must_run("ip", "link", "set", node, "master", "switch", "up")
    with open(settings.log / f"node-{node}.log", "ab") as log:
        process = subprocess.Popen([*UNSHARE, *program, "init-node", settings.directory, node],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    ours = os.readlink("/proc/self/ns/net")
    if not wait_until(lambda: os.readlink(f"/proc/{process.pid}/ns/net") != ours, 10, 0.002):
        raise RuntimeError(f"{node} got no network of its own")
    must_run("ip", "link", "set", far, "netns", process.pid)


def init(settings, node):
    """Pid 1 of the node."""
    socket.sethostname(node)
    munge = os.open("/run/munge", os.O_PATH)
    mounts.make_private(settings.shared)
    os.mkdir("/run/munge")
    mounts.bind(f"/proc/self/fd/{munge}", "/run/munge")
    os.close(munge)
    os.mkdir("/var/spool/slurmd")
    _make_gpus(settings.gpus)

    card = f"new-{node}"
    if not wait_until(lambda: card in pathlib.Path("/proc/net/dev").read_text(), 10, 0.002):
        raise RuntimeError(f"{node} got no network card")
    must_run("ip", "link", "set", card, "name", "eth0")
    must_run("ip", "address", "add", f"{settings.address(node)}/24", "dev", "eth0")
    must_run("ip", "link", "set", "eth0", "up")
    must_run("ip", "link", "set", "lo", "up")
    must_run("slurmd", cwd="/")
    reap_for_ever()


def _make_gpus(count):
    """Slurm gives indices to character devices only: copies of /dev/null."""
    os.mkdir("/run/gpu")
    for i in range(count):
        must_run("mknod", "-m", "666", f"/run/gpu/gpu{i}", "c", "1", "3")
