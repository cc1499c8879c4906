"""The cluster from outside: start, stop, commands in it, and what may befall its nodes."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from . import accounting, configuration
from .processes import UNSHARE, children, command_line, find, first_process, inside, is_alive, wait_until
from .settings import Settings

PROGRAM = [sys.executable, "-B", str(pathlib.Path(__file__).resolve().parent.parent / "cluster")]
NEEDED = ("slurmctld", "slurmd", "munged", "srun", "ip", "unshare", "nsenter", "setpriv", "mknod")


class LabError(Exception):
    pass


def missing(with_accounting=False):
    """Why there can be no cluster here, as a sentence; empty when there can be one."""
    if os.geteuid() != 0:
        return "it needs root (namespaces with several users in them)"
    absent = [name for name in NEEDED if not shutil.which(name)] + (accounting.missing() if with_accounting else [])
    if absent:
        return f"missing programs: {' '.join(absent)} (Debian: slurm-wlm munge iproute2" + (
            "; slurmdbd slurm-wlm-mysql-plugin mariadb-server-core)" if with_accounting else ")")
    if not os.path.isdir("/etc/slurm"):
        return "there is no /etc/slurm to put a configuration over"
    trial = subprocess.run([*UNSHARE, "ip", "link", "add", "trial", "type", "veth", "peer", "name", "far"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return "" if trial.returncode == 0 else f"no namespaces of its own ({trial.stderr.strip()})"


class Cluster:
    def __init__(self, settings):
        self.settings = settings
        self._process = None  # of the namespaces, if we made them

    @staticmethod
    def at(directory):
        """The cluster that was started in this directory, running or not."""
        try:
            return Cluster(Settings.load(pathlib.Path(directory).resolve()))
        except FileNotFoundError:
            raise LabError(f"no cluster was ever started in {directory}") from None

    # ---- life

    def start(self, dies_with_us=False):
        """Returns when all nodes are idle. Does nothing when they are; cleans up first when half of it is there."""
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        self.settings.directory.chmod(0o755)  # users other than root run jobs too
        with self._lock():
            if self._namespaces():
                if self.is_up(30):
                    return
                self._end()
            self._prepare()
            self._launch(dies_with_us)
            if not self.is_up(60):
                complaint = self._complaint()
                self._end()
                raise LabError(f"the cluster did not come up ({complaint}); its logs are in {self.settings.log}")

    def stop(self):
        """Ends every process of it; also of one that is half up."""
        if not self.settings.directory.exists():
            return self._end()
        with self._lock():
            return self._end()

    def is_up(self, timeout=0.0):
        """All nodes can be used (they may be busy)."""
        wanted = len(self.settings.node_names())

        def look():
            if not self._namespaces():
                return -1
            if not self.first():
                return 0
            # Named nodes only when they answered: sinfo waits long for a controller that is dead.
            said = self.run("timeout", "2", "sinfo", "--noheader", "--Node", "--partition=main",
                            "--states=idle,alloc,mix", "--format=%n %T", check=False).stdout
            usable = {line.split()[0] for line in said.splitlines() if not line.endswith("*")}
            return len(usable) == wanted or (-1 if self._complaint() else 0)

        return wait_until(look, timeout, 0.05) is True

    def _prepare(self):
        s = self.settings
        s.directory.mkdir(parents=True, exist_ok=True)
        own_code = pathlib.Path(__file__).resolve().parent.parent
        s.shared = [s.directory, own_code, *[path for path in map(pathlib.Path, s.shared) if path != s.directory]]
        s.shared = [str(path) for path in s.shared]
        for name in ("state", "log"):  # a cluster that starts knows nothing of one that was
            shutil.rmtree(s.directory / name, ignore_errors=True)
            (s.directory / name).mkdir()
        configuration.write(s)
        s.save()

    def _launch(self, dies_with_us):
        with open(self.settings.log / "controller.log", "ab") as log:
            self._process = subprocess.Popen(
                [*UNSHARE, *PROGRAM, *self._mark()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True, preexec_fn=_die_with_parent if dies_with_us else None)

    def _end(self):
        for namespace in self._namespaces():
            first = first_process(namespace)
            os.kill(namespace, signal.SIGKILL)
            if not wait_until(lambda: not is_alive(namespace) and not (first and is_alive(first)), 20):
                raise LabError(f"process {first}, pid 1 of the cluster, does not end")
        if self._process:
            self._process.wait()
        if self.settings.cgroups:
            _remove_cgroups(self.settings.node_names())

    def _mark(self):
        """How the cluster's processes are told from those of another one."""
        return ["init-controller", str(self.settings.directory)]

    def _namespaces(self):
        """The process of it, as a list. Ours is known by its pid: a process has no command line yet for a moment after
        its exec, which is no reason to take it for dead."""
        if self._process and self._process.poll() is None:
            return [self._process.pid]
        return find(self._mark())

    def _lock(self):
        lock = open(self.settings.directory / "lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _complaint(self):
        """The first fatal line of any log."""
        for path in sorted(self.settings.log.glob("*.log")):
            if found := re.search(r"^(.*fatal:.*|\S*(Error|Exception): .*)$", path.read_text(errors="replace"), re.M):
                return f"{path.name}: {found.group(0)}"
        return ""

    # ---- commands in it

    def first(self, node=None):
        """Pid 1 of the controller, or of a node; None when it is down."""
        namespace = next(iter(self._namespaces()), None)
        top = namespace and first_process(namespace)
        if not node or not top:
            return top
        ours = ["init-node", str(self.settings.directory), node]
        found = [child for child in children(top) if command_line(child)[-3:] == ours and is_alive(child)]
        return first_process(found[0]) if found else None

    def prefix(self, node=None, directory="/", user=None):
        """What to put before a command that shall run on the controller or on a node."""
        first = self.first(node)
        if not first:
            raise LabError(f"{node} is down" if node and self.first() else "the cluster is not running")
        return inside(first, directory, user)

    def run(self, *command, node=None, check=True, timeout=60, **options):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "cwd": "/"} | options
        return subprocess.run([*self.prefix(node), *map(str, command)], check=check, timeout=timeout, **options)

    # ---- what may befall it

    def kill_slurmd(self, node):
        """The daemon dies; what it started runs on."""
        self.run("sh", "-c", "kill -9 $(cat /run/slurmd.pid)", node=node)

    def start_slurmd(self, node):
        self.run("slurmd", node=node)

    def crash(self, node):
        """The node loses its power: all its processes are gone at once, nobody is told."""
        first = self.first(node)
        if not first:
            raise LabError(f"{node} is down")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not is_alive(first), 20)

    def boot(self, node):
        if not self.first(node):
            self.run(*PROGRAM, "boot-node", self.settings.directory, node)

    def cut(self, node):
        """The node's cable is pulled."""
        self.run("ip", "link", "set", node, "down")

    def heal(self, node):
        self.run("ip", "link", "set", node, "up")

    def stop_controller(self):
        """slurmctld ends in order: it saves what it knows."""
        self._end_slurmctld("TERM")

    def kill_controller(self):
        """slurmctld dies. It saves its state every five seconds: a job younger than that is forgotten."""
        self._end_slurmctld("KILL")

    def start_controller(self):
        self.run("slurmctld")
        if not wait_until(lambda: "is UP" in self.run("timeout", "2", "scontrol", "ping", check=False).stdout, 30, 0.05):
            raise LabError("slurmctld does not answer")

    def _end_slurmctld(self, name):
        self.run("sh", "-c", f"pid=$(cat /run/slurmctld.pid); kill -{name} $pid; "
                             "while [ -e /proc/$pid ]; do sleep 0.02; done")


def _die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _remove_cgroups(nodes):
    """Control groups outlive their processes."""
    for node in nodes:
        for top in pathlib.Path("/sys/fs/cgroup").glob(f"*/slurm_{node}"):
            for directory, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # another cluster's
                    os.rmdir(directory)
