"""Runs over several ranks: by hand or by -n, lost workers, a killed head, and what tasks see of the launcher."""

import json
import os
import re
import shutil
import signal

from fugle_case import FUGLE, FugleCase, main, poll, processes_of

FAN = """
version: 1
name: fan
tasks:
  split: {run: "mkdir parts"}
  part:
    needs: [split]
    matrix: {i: "1..12"}
    outputs: {o: "parts/${{ matrix.i }}.txt"}
    run: echo $((FUGLE_MATRIX_i * FUGLE_MATRIX_i)) > $FUGLE_OUT_o; sleep 0.05
  merge:
    inputs: {parts: "${{ tasks.part.outputs.o }}"}
    outputs: {sum: sum.txt}
    run: xargs cat < $FUGLE_IN_parts | awk '{s += $1} END {print s}' > $FUGLE_OUT_sum
"""

SLOW = """
version: 1
name: slow
tasks:
  w:
    matrix: {i: "1..10"}
    run: |
      echo $FUGLE_INDEX >> started
      for n in $(seq 600); do test -e go && exit 0; sleep 0.05; done; exit 1
  z: {needs: [w], run: "true"}
"""


class OverRanks(FugleCase):
    def workers_used(self):
        return {attempt["worker"] for attempt in self.attempts()}

    def fan_is_done(self):
        self.assertEqual(self.read("sum.txt"), "650\n")
        status = self.status()
        self.assertEqual((status["state"], status["counts"]["ok"]), ("OK", 14))

    def test_mpirun_by_hand_gives_the_work_to_all_ranks(self):
        self.write("fan.yaml", FAN)
        self.fugle("run", "fan.yaml", "-j1", prefix=self.mpirun(3))
        self.fan_is_done()
        self.assertEqual(self.workers_used(), {0, 1, 2})

    def test_option_n_starts_mpirun_itself(self):
        self.write("fan.yaml", FAN)
        self.fugle("run", "fan.yaml", "-n", "3", "-j1")
        self.fan_is_done()
        self.assertEqual(self.workers_used(), {0, 1, 2})

    def test_one_rank_under_mpirun_is_enough(self):
        self.write("fan.yaml", FAN)
        self.fugle("run", "fan.yaml", prefix=self.mpirun(1))
        self.fan_is_done()

    def test_the_binding_of_mpirun_takes_no_cores_away(self):
        self.write("one.yaml", 'version: 1\nname: one\ntasks: {a: {run: "true"}}\n')
        self.fugle("run", "one.yaml", prefix=["mpirun", "-n", "1", "--bind-to", "core"])
        self.assertEqual(self.status()["workers"][0]["cores"], len(os.sched_getaffinity(0)))

    def test_a_dedicated_head_runs_no_task(self):
        self.write("fan.yaml", FAN)
        self.fugle("run", "fan.yaml", "-n", "3", "-j1", "--dedicated-head")
        self.fan_is_done()
        self.assertEqual(self.workers_used(), {1, 2})

    def test_the_same_file_gives_the_same_outputs_here_and_over_ranks(self):
        """CON-72, as far as no Slurm is needed: equal bytes, equal status but times, hosts and workers."""
        seen = []
        for place in [["--local", "-j4"], ["-n", "4", "-j1", "--dedicated-head"]]:
            folder = self.directory / f"place{len(seen)}"
            folder.mkdir()
            home, self.directory = self.directory, folder
            self.write("fan.yaml", FAN)
            self.fugle("run", "fan.yaml", *place)
            outputs = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.txt")}
            status = {key: value for key, value in self.status().items()
                      if key not in ("run", "started", "elapsed_s", "workers")}
            seen.append((outputs, status))
            self.directory = home
        self.assertEqual(seen[0], seen[1])

    def test_a_failure_over_ranks_has_the_same_exit_code_and_block(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {bad: {run: "echo broken; exit 3"}}\n')
        done = self.fugle("run", "w.yaml", "-n", "2", expect=1)
        said = done.stdout + done.stderr
        self.assertIn("FAILED bad", said)
        self.assertIn("| broken", said)
        self.assertNotIn("mpirun", said, "how it was started is no news to the user")

    def test_a_bad_option_starts_no_rank(self):
        self.write("fan.yaml", FAN)
        done = self.fugle("run", "fan.yaml", "-n", "2", "--max-log", "1x", expect=2)
        self.assertEqual(done.stderr.count("--max-log 1x"), 1, "a mistake is told once, not by each rank")

    def test_a_bad_file_starts_no_rank(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {bad: {runs: "true"}}\n')
        done = self.fugle("run", "w.yaml", "-n", "2", expect=2)
        self.assertEqual(done.stderr.count("E103"), 1, "a mistake is told once, not by each rank")
        done = self.fugle("run", "w.yaml", prefix=self.mpirun(2), expect=2)
        self.assertEqual(done.stderr.count("E103"), 1)
        self.assertFalse((self.directory / ".fugle").exists())


class TheLauncherIsHidden(FugleCase):
    def test_tasks_see_no_variable_of_the_launcher_and_may_use_mpirun(self):
        """HF-03: a task that starts MPI programs of its own must not look like one of our ranks."""
        self.write("w.yaml", """
version: 1
name: nested
tasks:
  look: {run: env}
  nested: {run: 'mpirun --oversubscribe -n 2 sh -c "echo rank $OMPI_COMM_WORLD_RANK of two"'}
""".replace("$OMPI", "\\$OMPI"))
        self.environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        self.fugle("run", "w.yaml", "-n", "2", "-j1")
        names = {line.split("=")[0] for line in self.fugle("logs", "nested", "look").stdout.splitlines()}
        left = {name for name in names if re.match(r"(OMPI|PMIX|PMI|ORTE|PRTE|OPAL)_", name)}
        allowed = {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_rmaps_base_oversubscribe"}
        self.assertLessEqual(left, allowed)
        said = sorted(self.fugle("logs", "nested", "nested").stdout.splitlines())
        self.assertEqual(said, ["rank 0 of two", "rank 1 of two"])

    def test_no_rank_starts_a_process_once_mpi_has_begun(self):
        """HF-02: each rank forks its spawner, then reads the configuration of MPI, and never forks again."""
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed: nothing can be traced")
        self.write("fan.yaml", FAN)
        trace = self.directory / "trace"
        trace.mkdir()
        self.fugle("run", "fan.yaml", "-j1", timeout=300, prefix=[
            "strace", "-ff", "-o", str(trace / "t"), "-e", "trace=clone,clone3,fork,vfork,execve,openat",
            *self.mpirun(2)])
        ranks = [steps for steps in map(self.steps_of_rank, trace.iterdir()) if steps]
        self.assertEqual(len(ranks), 2)
        for steps in ranks:
            self.assertEqual([step for step, _ in zip(steps, "ab")], ["fork", "mpi"], steps)
            self.assertNotIn("fork", steps[1:], "a rank started a process after MPI_Init")

    @staticmethod
    def steps_of_rank(path):
        """The forks of a process and its first look at MPI's configuration; nothing when it is no rank."""
        text = path.read_text(errors="replace")
        if f'execve("{FUGLE}"' not in text and f'execve("{os.path.realpath(FUGLE)}"' not in text:
            return []
        steps = []
        for line in text.splitlines():
            call = line.split("(", 1)[0]
            if call in ("fork", "vfork") or (call in ("clone", "clone3") and "CLONE_THREAD" not in line):
                steps.append("fork")
            elif "openmpi-mca-params.conf" in line and "mpi" not in steps:
                steps.append("mpi")
        return steps


class Losses(FugleCase):
    def begin(self, ranks, *options):
        self.write("slow.yaml", SLOW)
        self.environment["FUGLE_TEST_OF"] = str(os.getpid())
        process = self.start("run", "slow.yaml", "-n", ranks, "-j1", *options)
        poll(lambda: self.run_is_busy(ranks), 60, "work on every rank")
        return process

    def run_is_busy(self, ranks):
        done = self.fugle("status", "--json", expect=None)
        return done.returncode == 0 and len({row["worker"] for row in json.loads(done.stdout)["running"]}) == ranks

    def pid_of_rank(self, rank):
        for pid in processes_of(f"OMPI_COMM_WORLD_RANK={rank}"):
            with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/environ") as environ:
                if comm.read().strip() == "fugle" and f"FUGLE_TEST_OF={os.getpid()}\0" in environ.read():
                    return pid
        raise AssertionError(f"no rank {rank}")

    def test_a_killed_worker_costs_only_what_it_ran(self):
        process = self.begin(4)
        victims = {row["element"] for row in self.status()["running"] if row["worker"] == 2}
        others = {row["element"] for row in self.status()["running"] if row["worker"] != 2}
        os.kill(self.pid_of_rank(2), signal.SIGKILL)
        poll(lambda: any(not worker["alive"] for worker in self.status()["workers"]), what="the news of the loss")
        (self.directory / "go").touch()
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, output)
        attempts = self.attempts()
        again = {a["element"] for a in attempts if a["attempt"] > 1}
        self.assertEqual(again, victims)
        self.assertTrue(victims and others)
        self.assertEqual({a["class"] for a in attempts if a["state"] != "OK"}, {"lost"})
        self.assertEqual(self.status()["counts"]["ok"], 11)
        self.assertIn("worker 2", output)

    def test_after_the_death_of_the_head_resume_goes_on(self):
        process = self.begin(3, "--restart-lost", 0)
        os.kill(self.pid_of_rank(0), signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 4, output)
        self.assertIn("fugle resume", output)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")
        self.assertEqual(self.status()["state"], "INTERRUPTED")
        (self.directory / "go").touch()
        self.fugle("resume")
        self.assertEqual(self.status()["counts"]["ok"], 11)

    def test_a_task_that_kills_its_parents_costs_only_itself(self):
        """F-poison: the process above a task is the spawner, which is a process of its own."""
        self.write("w.yaml", """
version: 1
name: poison
tasks:
  poison: {run: "kill -9 $PPID; sleep 60"}
  w: {matrix: {i: "1..4"}, run: "true"}
""")
        done = self.fugle("run", "w.yaml", "-n", "3", "-j1", expect=None)
        self.assertIn(done.returncode, (1, 3, 4), done.stdout + done.stderr)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")
        self.assertNotEqual(self.status()["state"], "RUNNING")


if __name__ == "__main__":
    main()
