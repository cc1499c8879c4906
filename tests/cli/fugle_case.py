"""What tests of the real program share: a fresh directory per test, the program, its run directory, its processes."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

FUGLE = os.environ["FUGLE_PROGRAM"]

# Tests in the background of a script are started with it ignored, and would hand that on to the program.
signal.signal(signal.SIGINT, signal.default_int_handler)


def poll(condition, timeout=30.0, what="the condition"):
    """Waits until condition() is true and returns its value; fails loudly after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {timeout} s")
        time.sleep(0.01)


def processes_of(marker):
    """Pids of living processes whose environment holds the bytes `marker` (NAME=VALUE)."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                if marker.encode() in environ.read().split(b"\0"):
                    found.append(int(entry))
        except OSError:
            pass
    return found


def numbers(text):
    """The numbers of a list such as 0-3,8."""
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


class FugleCase(unittest.TestCase):
    maxDiff = None
    parent_directory = None  # of the tests' own directories; None: the system's

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="fugle-cli-", dir=self.parent_directory, ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)
        self.environment = dict(os.environ)
        for name in list(self.environment):
            if name.startswith(("FUGLE_RUN", "OMPI_COMM", "PMIX_")):
                del self.environment[name]
        if os.geteuid() == 0:
            self.environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

    # ---- files

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name):
        return (self.directory / name).read_text()

    def run_dir(self):
        """The newest run."""
        return max(self.directory.glob(".fugle/*/run.json"), key=lambda f: f.stat().st_mtime_ns).parent

    # ---- the program

    def fugle(self, *args, expect=0, stdin=None, timeout=120, prefix=()):
        done = subprocess.run([*prefix, FUGLE, *map(str, args)], cwd=self.directory, env=self.environment, text=True,
                              input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"fugle {args}\n{done.stdout}{done.stderr}")
        return done

    def start(self, *args, prefix=(), own_group=True):
        """The program in the background, in a process group of its own; ended with the test."""
        process = subprocess.Popen([*prefix, FUGLE, *map(str, args)], cwd=self.directory, env=self.environment,
                                   text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=own_group)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def mpirun(self, ranks):
        """A prefix as a user would type it by hand."""
        return ["mpirun", "--oversubscribe", "-n", str(ranks)]

    # ---- what the reading verbs say

    def json_of(self, *args):
        return json.loads(self.fugle(*args, "--json").stdout)

    def status(self):
        return self.json_of("status")

    def attempts(self):
        return self.json_of("history", "--attempts")

    def states(self):
        """{element: state of its last attempt}."""
        return {attempt["element"]: attempt["state"] for attempt in self.attempts()}

    def wait_for_run(self):
        return poll(lambda: any(self.directory.glob(".fugle/*/run.json")), what="the run")

    def wait_for(self, name, timeout=30.0):
        return poll((self.directory / name).exists, timeout, f"the file {name}")


def main():
    unittest.main(verbosity=2)
