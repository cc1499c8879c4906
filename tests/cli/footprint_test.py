"""No daemon, no network, no busy wait: what a run leaves on the machine and takes from it."""

import os
import shutil
import subprocess
import time

from fugle_case import FUGLE, FugleCase, main, poll, processes_of

QUICK = 'version: 1\nname: quick\ntasks: {a: {run: "true"}, b: {needs: [a], run: "true"}}\n'

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def command_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as comm:
            return comm.read().strip()
    except OSError:
        return ""


class Footprint(FugleCase):
    def setUp(self):
        super().setUp()
        self.mark = f"FUGLE_FOOTPRINT={os.getpid()}"
        name, value = self.mark.split("=")
        self.environment[name] = value

    def test_nothing_is_left_after_a_run(self):
        self.write("quick.yaml", QUICK)
        for place in [["--local"], ["-n", "2", "-j1"]]:
            self.fugle("run", "quick.yaml", *place)
            self.fugle("status")
            poll(lambda: not processes_of(self.mark), what="the end of every process of the run")

    def test_a_run_here_needs_no_network(self):
        if shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "true"], capture_output=True,
                                                             check=False).returncode != 0:
            self.skipTest("a network namespace cannot be made here (no right or no unshare)")
        self.write("quick.yaml", QUICK)
        self.fugle("run", "quick.yaml", "--local", prefix=["unshare", "-n"])
        self.assertEqual(self.states(), {"a": "OK", "b": "OK"})

    def test_a_run_here_opens_no_port(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed: sockets were not traced")
        self.write("quick.yaml", QUICK)
        self.fugle("run", "quick.yaml", "--local",
                   prefix=["strace", "-f", "-o", "trace", "-e", "trace=socket,bind,listen,connect"])
        calls = [line for line in self.read("trace").splitlines() if "AF_INET" in line or " listen(" in line]
        self.assertEqual(calls, [])

    def test_waiting_costs_next_to_nothing(self):
        """HF-08 asks for 0.5 % of a core; a busy wait takes 100, a sleep-poll some. 5 is the limit here."""
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "touch there; sleep 300"}}\n')
        for place in [["--local"], ["-n", "3", "-j1"]]:
            process = self.start("run", "w.yaml", *place)
            self.wait_for("there")
            ours = [pid for pid in processes_of(self.mark) if command_of(pid) in ("fugle", "fugle-spawner", "mpirun")]
            self.assertGreaterEqual(len(ours), 2 if place == ["--local"] else 8)
            time.sleep(1)  # the start itself is over
            before = {pid: cpu_seconds(pid) for pid in ours}
            began = time.monotonic()
            time.sleep(3)
            passed = time.monotonic() - began
            share = {(command_of(pid), pid): (cpu_seconds(pid) - before[pid]) / passed for pid in ours}
            self.assertLess(max(share.values()), 0.05, share)
            process.terminate()
            process.communicate(timeout=60)
            os.unlink(self.directory / "there")


class Quiet(FugleCase):
    def test_a_run_in_the_background_of_a_shell_says_little(self):
        """Standard output is for what was asked for; progress goes to standard error."""
        self.write("quick.yaml", QUICK)
        done = self.fugle("run", "quick.yaml")
        self.assertEqual(done.stdout, "")
        self.assertLess(len(done.stderr.splitlines()), 8)
        self.assertNotIn("\x1b", done.stderr, "no control sequences without a terminal")
        self.assertTrue(os.access(FUGLE, os.X_OK))


if __name__ == "__main__":
    main()
