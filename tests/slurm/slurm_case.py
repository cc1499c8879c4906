"""What drills on a real Slurm share: a cluster per test file, a directory per test that all nodes see, jobs.

`self.fugle(...)` and all that FugleCase has run on the controller, which is the login node. A failed test says where the
logs of its cluster are.
"""

import faulthandler
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]

from fugle_case import FUGLE, FugleCase, numbers, poll  # noqa: E402, F401
from lab import Cluster, Settings, missing  # noqa: E402
from lab.processes import children  # noqa: E402

SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]).resolve()
BUILD = pathlib.Path(os.environ["FUGLE_BUILD_DIR"]).resolve()
ENDED = {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "BOOT_FAIL",
         "DEADLINE"}


class SlurmCase(FugleCase):
    """`options` are those of lab.Settings: accounting, cgroups, pmix_bug, lines, plugstack, files, ..."""

    options = {}
    cluster = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if why := missing(cls.options.get("accounting", False)):
            print(f"SKIPPED: {cls.__name__}: {why}", file=sys.stderr, flush=True)
            raise unittest.SkipTest(why)
        top = BUILD / "slurm-drills"
        top.mkdir(exist_ok=True)
        cls.parent_directory = tempfile.mkdtemp(prefix=f"{pathlib.Path(sys.argv[0]).stem.removesuffix('_test')}-", dir=top)
        os.chmod(cls.parent_directory, 0o755)
        cls.had_trouble = False
        cls.cluster = Cluster(Settings(directory=pathlib.Path(cls.parent_directory) / "cluster",
                                       shared=[cls.parent_directory, SOURCE, BUILD, pathlib.Path(FUGLE).parent],
                                       **cls.options))
        cls.addClassCleanup(cls._end_cluster)
        cls.cluster.start(dies_with_us=True)

    @classmethod
    def _end_cluster(cls):
        try:
            cls.cluster.stop()
        finally:
            if cls.had_trouble:
                print(f"the logs of the cluster are in {cls.cluster.settings.log}", file=sys.stderr)
            else:
                shutil.rmtree(cls.parent_directory, ignore_errors=True)

    def run(self, result=None):
        before = (len(result.failures), len(result.errors)) if result else None
        done = super().run(result)
        if result and (len(result.failures), len(result.errors)) != before:
            type(self).had_trouble = True
        return done

    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o777)  # other users may run jobs here
        for name in list(self.environment):
            if name.startswith(("SLURM", "SBATCH", "SALLOC", "SRUN", "SQUEUE", "SINFO", "SACCT")):
                del self.environment[name]
        self.environment["SHELL"] = "/bin/bash"  # a batch system of tests may have none, salloc starts it
        self.addCleanup(self.cancel_all)

    def cancel_all(self):
        """No job of a test is there for the next one."""
        if not self.cluster.is_up():
            return
        for user in ("root", "nobody"):
            self.slurm("scancel", f"--user={user}", expect=None)
        poll(lambda: not self.slurm("squeue", "--noheader").stdout.strip(), 60, "the end of all jobs")

    # ---- commands

    def on(self, node, *command, expect=0, stdin=None, timeout=60, user=None):
        """Runs a command on a node, "ctl" is the controller; returns what subprocess.run returns."""
        prefix = self.cluster.prefix(None if node == "ctl" else node, self.directory, user)
        done = subprocess.run([*prefix, *map(str, command)], env=self.environment, text=True, input=stdin,
                              stdin=None if stdin is not None else subprocess.DEVNULL, capture_output=True,
                              timeout=timeout)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{command} on {node}\n{done.stdout}{done.stderr}")
        return done

    def slurm(self, *command, **options):
        """A command on the login node: self.slurm("squeue", "--noheader").stdout."""
        return self.on("ctl", *command, **options)

    def fugle(self, *args, prefix=None, **options):
        return super().fugle(*args, prefix=self._entry() if prefix is None else prefix, **options)

    def start(self, *args, prefix=None, **options):
        """As FugleCase.start(), on the login node. Signals: self.send(process, signal.SIGINT)."""
        return super().start(*args, prefix=self._entry() if prefix is None else prefix, **options)

    def _entry(self):
        return self.cluster.prefix(None, self.directory)

    @staticmethod
    def send(process, number):
        """Sends a signal to a program that start() began: its process is nsenter, whose child it is."""
        for child in children(process.pid):
            os.kill(child, number)

    # ---- jobs

    def sbatch(self, text, *options, user=None, environment=None):
        """Submits a script; a text without #! is one of bash. Returns the job id. Its output is in ID.out."""
        script = self.directory / "job.sh"
        script.write_text(text if text.startswith("#!") else f"#!/bin/bash\n{text}\n")
        saved = self.environment
        self.environment = saved | (environment or {})
        try:
            said = self.slurm("sbatch", "--parsable", "--output=%j.out", "--open-mode=append", *options, script, user=user)
        finally:
            self.environment = saved
        return said.stdout.strip().split(";")[0]

    def output_of(self, job):
        return (self.directory / f"{job}.out").read_text(errors="replace")

    def job(self, job):
        """{field: text} of `scontrol --details show job`; {} when Slurm does not know it (any more)."""
        said = self.slurm("scontrol", "--oneliner", "--details", "show", "job", job, expect=None)
        return dict(re.findall(r"(?:^|\s)([A-Za-z/:]+)=(.*?)(?=\s[A-Za-z/:]+=|\s*$)", said.stdout.split("\n")[0]))

    def wait_for_job(self, job, states=ENDED, timeout=60.0):
        """Waits until the job is in one of these states ("RUNNING", or several); returns the job."""
        wanted = {states} if isinstance(states, str) else set(states)

        other_end = {}  # {state: since when}; a job may be requeued after its end

        def look():
            facts = self.job(job)
            state = facts.get("JobState")
            if state in ENDED - wanted and time.monotonic() - other_end.setdefault(state, time.monotonic()) > 10:
                raise AssertionError(f"job {job} is {state} for good, not {wanted}")
            if state not in ENDED:
                other_end.clear()
            return state in wanted and facts

        try:
            return poll(look, timeout, f"job {job} in {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit is {self.job(job)}\nand said:\n{self._what_it_said(job)}") from None

    def _what_it_said(self, job):
        try:
            return self.output_of(job)[-4000:]
        except OSError:
            return "(nothing)"

    def steps(self, job):
        """Ids of the job's living steps: ["7.0", "7.batch"]."""
        said = self.slurm("squeue", "--steps", "--noheader", f"--job={job}", "--format=%i").stdout
        return said.split()

    def accounted_steps(self, job):
        """Steps of the ended job, {step: state}, once accounting has it all; needs options = {"accounting": True}."""
        def look():
            said = self.slurm("sacct", "--noheader", "--parsable2", f"--jobs={job}", "--format=JobID,State").stdout
            rows = dict(line.split("|") for line in said.splitlines())
            return rows if rows.get(job, "").split(" ")[0] in ENDED else None

        return {step: state for step, state in poll(look, 30, f"job {job} in accounting").items() if "." in step}

    def processes_on(self, node, pattern):
        """Pids, as the node counts them, of the processes there whose command line matches."""
        said = self.on(node, "pgrep", "--full", pattern, expect=None).stdout
        return [int(pid) for pid in said.split()]


def main():
    if why := missing():
        print(f"SKIPPED: no Slurm cluster can run here: {why}", flush=True)
        sys.exit(77)
    faulthandler.dump_traceback_later(840, exit=True)  # what hangs says where, before ctest ends it
    unittest.main(verbosity=2)
