"""status, logs, why, history, plan: of a living, an ended and a killed run, as text and JSON, from files alone."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess

from fugle_case import FUGLE, FugleCase, main, poll, processes_of

MIXED = """
version: 1
name: mixed
params: {letter: x}
tasks:
  good: {run: "echo good says ${{ params.letter }}"}
  bad: {run: "echo bad; exit 3"}
  blocked: {needs: [bad], run: "true"}
  held: {needs: [good], run: "echo first; touch there; while [ ! -e go ]; do sleep 0.05; done; echo last"}
  queued: {needs: [good], priority: -9, run: "true"}
  wide: {needs: [held], matrix: {i: "1..3"}, run: "echo wide $FUGLE_INDEX; echo oops >&2"}
"""

COUNTS = {"waiting", "ready", "running", "ok", "cached", "skipped", "blocked", "failed", "cancelled"}


class Views(FugleCase):
    def begin(self):
        self.write("mixed.yaml", MIXED)
        process = self.start("run", "mixed.yaml", "--local", "-j1", "-p", "letter=y")
        self.wait_for("there")
        poll(lambda: self.status()["counts"]["failed"] == 1 and self.status()["running"], what="the news of both")
        return process

    def go(self, process):
        self.write("go", "")
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)

    def why(self, element):
        return self.fugle("why", "mixed", element).stdout


class OfALivingRun(Views):
    def test_status_tells_counts_workers_and_what_runs(self):
        process = self.begin()
        status = self.status()
        self.assertEqual((status["run"], status["workflow"], status["state"], status["total"]),
                         (self.run_dir().name, "mixed", "RUNNING", 8))
        self.assertEqual(set(status["counts"]), COUNTS)
        self.assertEqual(sum(status["counts"].values()), 8)
        self.assertEqual(status["failed"], ["bad"])
        self.assertEqual([row["element"] for row in status["running"]], ["held"])
        self.assertEqual(set(status["running"][0]), {"element", "worker", "node", "elapsed_s", "attempt", "service"})
        self.assertEqual(status["workers"][0]["node"], os.uname().nodename)
        for key in ["started", "elapsed_s", "eta_s"]:
            self.assertIn(key, status)
        text = self.fugle("status").stdout
        for part in ["mixed  RUNNING", "held", "running 1", "failed 1"]:
            self.assertIn(part, text)
        self.go(process)

    def test_why_always_has_a_reason(self):
        process = self.begin()
        for element, reason in [("held", "attempt 1 runs on"), ("queued", "waits for 1 free core"),
                                ("wide[2]", "1 of 1 needs is not done"), ("bad", "exit code 3"),
                                ("blocked", "bad is FAILED"), ("good", "attempt 1 ended at")]:
            self.assertIn(reason, self.why(element), element)
            self.assertTrue(self.json_of("why", "mixed", element)["reason"], element)
        self.assertIn("held", self.why("queued"), "who uses the core it waits for")
        self.go(process)

    def test_logs_follow_an_element_to_its_end(self):
        process = self.begin()
        follower = self.start("logs", "-f", "mixed", "held")
        self.assertEqual(follower.stdout.readline(), "first\n")
        self.assertIsNone(follower.poll())
        self.go(process)
        self.assertEqual(follower.communicate(timeout=30)[0], "last\n")
        self.assertEqual(follower.returncode, 0)

    def test_watch_ends_with_the_run(self):
        process = self.begin()
        watcher = self.start("status", "--watch")
        self.assertIn("RUNNING", watcher.stdout.readline())
        self.go(process)
        self.assertIn("FAILED", watcher.communicate(timeout=30)[0])
        self.assertEqual(watcher.returncode, 0)

    def test_status_takes_few_reads(self):
        """CON-48: five reads say how the run stands; the names of what runs come from one more file."""
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed: reads were not counted")
        process = self.begin()
        self.fugle("status", prefix=["strace", "-f", "-y", "-o", "trace", "-e", "trace=read,pread64,readv"])
        run = str(self.run_dir().name)
        reads = [line for line in self.read("trace").splitlines() if f"/{run}/" in line]
        self.assertTrue(reads)
        self.assertLessEqual(len([line for line in reads if "live.h5>" in line]), 5)
        self.assertEqual([line for line in reads if "journal" in line or "/logs/" in line], [])
        self.go(process)


class OfADeadRun(Views):
    def test_everything_is_told_after_the_head_was_killed(self):
        process = self.begin()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")
        status = self.status()
        self.assertEqual((status["state"], status["running"], status["interrupted"]), ("INTERRUPTED", [], 1))
        self.assertEqual(self.states()["held"], "INTERRUPTED")
        self.assertEqual(self.fugle("logs", "mixed", "held").stdout, "first\n")
        self.assertIn("it will be run again", self.why("held"))
        self.assertIn("fugle resume", self.why("queued"))
        self.assertEqual(self.json_of("history")[0]["state"], "INTERRUPTED")
        self.assertIn("fugle resume", self.fugle("status").stdout)

    def test_an_ended_run_has_its_output_and_attempts(self):
        self.go(self.begin())
        self.assertEqual(self.fugle("logs", "mixed", "good").stdout, "good says y\n")
        self.assertEqual(self.fugle("logs", "mixed", "wide[2]").stdout, "wide 1\noops\n")
        pieces = self.json_of("logs", "mixed", "wide[2]")
        self.assertEqual({piece["element"] for piece in pieces}, {"wide[2]"})
        self.assertIn("wide[3] | wide 2\n", self.fugle("logs", "mixed").stdout)
        attempts = self.attempts()
        self.assertEqual(set(attempts[0]), {"element", "attempt", "state", "class", "exit", "signal", "worker", "node",
                                            "start_ns", "end_ns", "cpu_ms", "maxrss_kb", "read_bytes",
                                            "written_bytes", "late"})
        rows = list(csv.DictReader(io.StringIO(self.fugle("history", "--attempts", "--csv").stdout)))
        self.assertEqual([row["element"] for row in rows], [a["element"] for a in attempts])
        self.assertEqual({row["exit"] for row in rows if row["element"] == "bad"}, {"3"})


class OfManyRuns(FugleCase):
    def test_history_lists_runs_with_who_params_and_times(self):
        self.write("w.yaml", 'version: 1\nname: w\nparams: {k: 1}\ntasks: {a: {run: "test ${{ params.k }} -lt 3"}}\n')
        for k, code in [(1, 0), (2, 0), (3, 1)]:
            self.fugle("run", "w.yaml", "-p", f"k={k}", expect=code)
        runs = self.json_of("history")
        self.assertEqual([(run["state"], run["params"]["k"]) for run in runs],
                         [("FAILED", "3"), ("OK", "2"), ("OK", "1")])
        self.assertEqual(len({run["run"] for run in runs}), 3)
        for run in runs:
            self.assertTrue(run["user"] and run["host"] and run["started"])
            self.assertIn("elapsed_s", run)
        self.assertIn("k=3", self.fugle("history").stdout)

    def test_runs_may_be_kept_elsewhere(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true"}}\n')
        self.fugle("run", "w.yaml", "--runs-dir", "kept")
        self.assertFalse((self.directory / ".fugle").exists())
        self.assertEqual(self.json_of("status", "--runs-dir", "kept")["state"], "OK")
        self.environment["FUGLE_RUNS"] = str(self.directory / "kept")
        self.assertEqual(self.status()["state"], "OK")

    def test_the_newest_run_is_found_with_one_look_at_each(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed: calls were not counted")
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true"}}\n')
        for _ in range(12):
            self.fugle("run", "w.yaml")
        self.fugle("status", prefix=["strace", "-o", "trace", "-e", "trace=stat,lstat,newfstatat,statx"])
        looks = [line for line in self.read("trace").splitlines() if "/run.json" in line]
        self.assertLessEqual(len(looks), 2 * 12 + 2)

    def test_plan_shows_order_resources_and_critical_path(self):
        self.write("w.yaml", """
version: 1
name: w
tasks:
  a: {estimate: 10s, run: "true"}
  b: {needs: [a], estimate: 20s, resources: {cores: 2, mem: 1G}, run: "true"}
  c: {needs: [a], estimate: 5s, run: "true"}
""")
        plan = self.json_of("plan", "w.yaml", "--alloc", "nodes=2,cores=2,mem=4G")
        self.assertLessEqual({"elements", "makespan_s", "lower_bound_s", "critical_path"}, set(plan))
        by_id = {element["id"]: element for element in plan["elements"]}
        self.assertLessEqual({"id", "needs", "resources", "estimate_s", "rank", "worker"}, set(by_id["b"]))
        self.assertEqual(by_id["b"]["resources"], {"cores": 2, "mem_bytes": 1 << 30})
        self.assertEqual((plan["makespan_s"], plan["lower_bound_s"], plan["critical_path"]), (30.0, 30.0, ["a", "b"]))
        self.assertGreater(by_id["b"]["rank"], by_id["c"]["rank"])
        self.assertFalse((self.directory / ".fugle").exists(), "a plan starts nothing")

    def test_the_number_of_files_depends_on_workers_not_on_elements(self):
        """CON-47, HF-14: a thousand elements, each with output."""
        self.write("w.yaml", """
version: 1
name: w
tasks:
  w: {matrix: {i: "1..1000"}, run: [echo, "line ${{ index }}"]}
""")
        self.fugle("run", "w.yaml", "--local")
        files = [path for path in self.run_dir().rglob("*") if path.is_file()]
        self.assertLess(len(files), 20)
        self.assertEqual(self.fugle("logs", "w", "w[77]").stdout, "line 76\n")
        lines = self.fugle("logs").stdout.splitlines()
        self.assertEqual(len(lines), 1000)


class OnPipes(FugleCase):
    def test_a_reader_that_goes_away_is_no_crash(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {w: {run: "seq 200000"}}\n')
        self.fugle("run", "w.yaml")
        piped = subprocess.run(["bash", "-c", f"{FUGLE} logs w w | head -1; echo ${{PIPESTATUS[0]}}"], text=True,
                               cwd=self.directory, env=self.environment, capture_output=True, check=True)
        self.assertEqual(piped.stdout.splitlines()[0], "1")
        self.assertEqual(piped.stderr, "")
        self.assertIn(json.loads(piped.stdout.splitlines()[1]), (0, 141))


if __name__ == "__main__":
    main()
