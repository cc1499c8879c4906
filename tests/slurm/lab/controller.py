"""The controller, which is the login node as well: switch, munge, accounting, slurmctld; and pid 1 of the cluster."""

import os
import socket

from . import accounting, mounts, node
from .processes import must_run, reap_for_ever
from .settings import CONTROLLER, NETWORK


def init(settings, program):
    socket.sethostname(CONTROLLER)
    must_run("ip", "link", "set", "lo", "up")
    mounts.make_private(settings.shared)
    mounts.bind(settings.etc, "/etc/slurm")
    mounts.bind(settings.directory / "hosts", "/etc/hosts")

    must_run("ip", "link", "add", "switch", "type", "bridge")
    must_run("ip", "address", "add", f"{NETWORK}.254/24", "dev", "switch")
    must_run("ip", "link", "set", "switch", "up")
    _start_munge(settings)
    if settings.accounting:
        accounting.start(settings)
    must_run("slurmctld", cwd="/")
    for name in settings.node_names():
        node.boot(settings, name, program)
    reap_for_ever()


def _start_munge(settings):
    """munged wants its key and its directories to be its owner's alone."""
    os.makedirs("/run/munge", mode=0o755)
    os.makedirs("/run/munge-private", mode=0o700)
    key = "/run/munge-private/key"
    with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o400), "wb") as out:
        out.write(os.urandom(128))
    must_run("munged", f"--key-file={key}", "--log-file=/run/munge-private/log", "--pid-file=/run/munge-private/pid",
             "--seed-file=/run/munge-private/seed", "--num-threads=4")
