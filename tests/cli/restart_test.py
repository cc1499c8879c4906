"""Supervised restart: a run over ranks whose head dies comes back by itself, within its budget, and says so."""

import json
import os
import signal

from fugle_case import FugleCase, main, poll, processes_of

SLOW = """
version: 1
name: slow
tasks:
  quick: {matrix: {i: "1..4"}, run: "echo $FUGLE_MATRIX_i >> quick"}
  bad: {run: "echo x >> bad; exit 7"}
  w:
    needs: [quick]
    matrix: {i: "1..4"}
    run: |
      echo $FUGLE_MATRIX_i >> started
      for n in $(seq 600); do test -e go && exit 0; sleep 0.05; done; exit 1
  z: {needs: [w], run: "true"}
"""

POISON = """
version: 1
name: poison
tasks:
  poison:
    run: |
      for rank in $(pgrep -x fugle); do
        tr '\\0' '\\n' < /proc/$rank/environ | grep "FUGLE_TEST_OF=$FUGLE_TEST_OF" > /dev/null || continue
        tr '\\0' '\\n' < /proc/$rank/environ | grep OMPI_COMM_WORLD_RANK=0 > /dev/null && echo x >> killed && kill -9 $rank
      done
      sleep 60
"""


class Restart(FugleCase):
    def setUp(self):
        super().setUp()
        self.environment["FUGLE_TEST_OF"] = f"{os.getpid()}.{self.id()}"

    def begin(self, *options, ranks=3, verb=("run", "slow.yaml")):
        self.write("slow.yaml", SLOW)
        process = self.start(*verb, "-n", ranks, "-j1", *options)
        poll(self.is_busy, 60, "all four that wait")
        if "--journal" in options:
            return process
        # In the journal: what only `status` has seen may be done again.
        poll(lambda: sum(a["state"] in ("OK", "FAILED") for a in self.attempts()) >= 5, what="the ends of the others")
        return process

    def is_busy(self):
        done = self.fugle("status", "--json", expect=None)
        if done.returncode != 0:
            return False
        status = json.loads(done.stdout)
        counts = status["counts"]
        return counts["ok"] >= 4 and counts["failed"] == 1 and len(status["running"]) >= 3

    def rank(self, number):
        mark = f"FUGLE_TEST_OF={self.environment['FUGLE_TEST_OF']}\0"
        for pid in processes_of(f"OMPI_COMM_WORLD_RANK={number}"):
            with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/environ") as environ:
                if comm.read().strip() == "fugle" and mark in environ.read():
                    return pid
        return None

    def kill_rank(self, number):
        os.kill(poll(lambda: self.rank(number), 30, f"rank {number}"), signal.SIGKILL)

    def kill_head_and_wait_for_the_next(self):
        before = self.rank(0)
        lives = self.num_lives()
        os.kill(before, signal.SIGKILL)
        poll(lambda: self.num_lives() > lives and self.is_busy(), 60, "the next life")
        self.assertNotEqual(self.rank(0), before)

    def num_lives(self):
        return sum(e["kind"] == "run_started" for e in self.json_of("history", "--events"))

    def end(self, process, code):
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, output)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")
        return output

    def test_a_run_outlives_its_head(self):
        process = self.begin()
        self.kill_head_and_wait_for_the_next()
        (self.directory / "go").touch()
        output = self.end(process, 1)
        self.assertEqual(output.count("the head died; the run goes on from its journal, restart 1 of 3"), 1, output)
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1, "it is one run")
        self.assertEqual(self.status()["counts"]["ok"], 9)
        self.assertEqual(sorted(self.read("quick").split()), list("1234"), "what was OK ran again")
        self.assertEqual(self.read("bad"), "x\n", "a restart by itself tries nothing again that failed")

    def test_the_budget_counts_deaths_without_progress(self):
        process = self.begin("--restart-lost", 1)
        self.kill_head_and_wait_for_the_next()
        self.kill_rank(0)
        output = self.end(process, 4)
        self.assertEqual(output.count("restart 1 of 1"), 1, output)
        self.assertIn("without progress", output)
        self.assertIn(f"fugle resume {self.run_dir().name}", output)
        (self.directory / "go").touch()
        self.fugle("resume", expect=1)  # `bad` again

    def test_zero_restarts_is_none(self):
        process = self.begin("--restart-lost", 0)
        self.kill_rank(0)
        output = self.end(process, 4)
        self.assertNotIn("restart", output)
        self.assertIn("fugle resume", output)
        self.assertEqual(self.status()["state"], "INTERRUPTED")

    def test_what_keeps_no_journal_can_not_come_back_and_says_so(self):
        process = self.begin("--journal", "off")
        self.kill_rank(0)
        output = self.end(process, 3)
        self.assertIn("it kept no journal", output)
        self.assertNotIn("restart", output)
        self.assertIn("--journal off", self.fugle("resume", expect=3).stderr)

    def test_a_resume_is_brought_back_too(self):
        self.end_first_life()
        process = self.begin(verb=("resume",))
        poll(lambda: [a["state"] for a in self.attempts() if a["element"] == "bad"] == ["FAILED"] * 2,
             what="the second failure")
        self.kill_head_and_wait_for_the_next()
        (self.directory / "go").touch()
        output = self.end(process, 1)
        self.assertIn("restart 1 of 3", output)
        self.assertEqual(self.read("bad"), "x\nx\n", "once in the run, once as a person resumed")

    def end_first_life(self):
        process = self.begin("--restart-lost", 0)
        self.kill_rank(0)
        self.end(process, 4)

    def test_a_task_that_kills_the_head_each_time_does_not_go_on_for_ever(self):
        self.write("poison.yaml", POISON)
        done = self.fugle("run", "poison.yaml", "-n", 2, "-j1", expect=4)
        self.assertEqual(self.read("killed").count("x"), 4, done.stderr)
        self.assertIn("restart 3 of 3", done.stderr)

    def test_who_is_interrupted_is_not_brought_back(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        poll(lambda: "stop_requested" in {e["kind"] for e in self.json_of("history", "--events")}, what="the drain")
        self.kill_rank(0)
        output = self.end(process, 130)
        self.assertNotIn("restart 1", output)

    def test_signals_reach_the_head_of_the_next_life(self):
        process = self.begin()
        self.kill_head_and_wait_for_the_next()
        process.send_signal(signal.SIGTERM)
        self.end(process, 4)

    def test_when_mpirun_is_killed_the_run_comes_back_and_nothing_runs_twice_at_once(self):
        process = self.begin()
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
            mpirun = int(children.read().split()[0])
        lives = self.num_lives()
        os.kill(mpirun, signal.SIGKILL)
        poll(lambda: self.num_lives() > lives and self.is_busy(), 60, "the next life")
        (self.directory / "go").touch()
        self.end(process, 1)
        running = set()
        for event in self.json_of("history", "--events"):
            if event["kind"] == "run_started":
                running.clear()
            elif event["kind"] == "attempt_started":
                self.assertNotIn(event["element"], running)
                running.add(event["element"])
            elif event["kind"] == "attempt_ended":
                running.discard(event["element"])


if __name__ == "__main__":
    main()
