"""resume: after a kill, after a failure, elsewhere, twice; what is OK never runs again and nobody unlocks anything."""

import fcntl
import os
import signal
import time

from fugle_case import FugleCase, main, poll, processes_of

COUNTED = """
version: 1
name: counted
tasks:
  w:
    matrix: {i: "1..40"}
    run: |
      echo $FUGLE_MATRIX_i >> ran
      test $FUGLE_MATRIX_i -le 20 || test -e go || sleep 300
  sum: {needs: [w], run: "sort -nu ran | wc -l > sum.txt"}
"""


class Resume(FugleCase):
    def killed_in_the_middle(self, *place):
        """A run of which the first twenty elements are OK and whose processes were all killed at once."""
        self.write("counted.yaml", COUNTED)
        process = self.start("run", "counted.yaml", *place)
        self.wait_for_run()
        poll(lambda: self.status()["counts"]["ok"] == 20 and self.status()["running"], 60, "the first half")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of what ran")
        self.write("go", "")

    def expect_all_ok_once(self):
        ok = [a["element"] for a in self.attempts() if a["state"] == "OK"]
        self.assertEqual((len(ok), len(set(ok))), (41, 41), "each element has exactly one OK")
        first_half = [line for line in self.read("ran").split() if int(line) <= 20]
        self.assertEqual(sorted(map(int, first_half)), list(range(1, 21)), "what was OK ran again")
        self.assertEqual(self.read("sum.txt").strip(), "40")

    def test_after_a_kill_of_everything_one_word_continues(self):
        self.killed_in_the_middle("--local", "-j2")
        self.assertEqual(self.json_of("history")[0]["state"], "INTERRUPTED")
        self.fugle("resume")
        self.expect_all_ok_once()
        interrupted = [a for a in self.attempts() if a["state"] == "INTERRUPTED"]
        self.assertEqual(len(interrupted), 2)
        self.assertEqual(len(self.json_of("history")), 1, "it is still one run")

    def test_a_run_begun_here_ends_over_ranks(self):
        self.killed_in_the_middle("--local", "-j2")
        self.fugle("resume", "-n", "3", "-j1")
        self.expect_all_ok_once()

    def test_a_run_begun_over_ranks_ends_here(self):
        self.killed_in_the_middle("-n", "2", "-j1")
        self.fugle("resume", "--local")
        self.expect_all_ok_once()

    def test_a_finished_run_has_nothing_to_do_as_often_as_one_asks(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "echo x >> ran"}}\n')
        self.fugle("run", "w.yaml")
        for _ in range(2):
            self.assertIn("nothing to do", self.fugle("resume").stdout)
        self.assertEqual(self.read("ran"), "x\n")

    def test_the_stored_workflow_counts_not_the_edited_file(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "test -e go && echo old > out"}}\n')
        self.fugle("run", "w.yaml", expect=1)
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "echo new > out"}}\n')
        self.write("go", "")
        self.fugle("resume")
        self.assertEqual(self.read("out"), "old\n")

    def test_a_failed_element_gets_fresh_retries(self):
        self.write("w.yaml", """
version: 1
name: w
tasks:
  good: {run: "echo good >> ran"}
  bad: {needs: [good], retries: {max: 1, delay: 0s}, run: "echo bad >> ran; test -e go"}
  after: {needs: [bad], run: "echo after >> ran"}
""")
        self.fugle("run", "w.yaml", expect=1)
        said = self.fugle("resume", expect=1).stderr
        self.assertIn("3 elements, 1 of them done before", said, "what failed or was blocked is not done")
        self.write("go", "")
        self.fugle("resume")
        self.assertEqual(self.read("ran").split(), ["good", "bad", "bad", "bad", "bad", "bad", "after"])
        attempts = self.json_of("history", "--attempts")
        self.assertEqual([a["attempt"] for a in attempts if a["element"] == "bad"], [1, 2, 3, 4, 5])

    def test_a_run_that_somebody_leads_is_not_led_twice(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "touch there; sleep 300"}}\n')
        process = self.start("run", "w.yaml", "--local")
        self.wait_for("there")
        done = self.fugle("resume", expect=5)
        self.assertIn(str(process.pid), done.stderr)
        self.assertRegex(done.stderr, "fugle (cancel|status)|stop|wait")
        self.assertIsNone(process.poll(), "the living head was disturbed")

    def test_a_head_that_is_about_to_end_is_waited_for(self):
        self.killed_in_the_middle()
        with open(self.run_dir() / "run.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = self.start("resume")
            time.sleep(1)
            self.assertIsNone(process.poll())
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.expect_all_ok_once()

    def test_a_run_is_named_by_the_beginning_of_its_id(self):
        for name in ["alpha", "beta"]:
            self.write(f"{name}.yaml", f'version: 1\nname: {name}\ntasks: {{a: {{run: "test -e go"}}}}\n')
            self.fugle("run", f"{name}.yaml", expect=1)
        self.write("go", "")
        self.fugle("resume", "al")
        self.assertEqual({run["workflow"]: run["state"] for run in self.json_of("history")},
                         {"alpha": "OK", "beta": "FAILED"})
        self.fugle("run", "alpha.yaml")
        self.assertIn("alpha-", self.fugle("resume", "alpha", expect=2).stderr)


if __name__ == "__main__":
    main()
