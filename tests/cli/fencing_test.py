"""Two heads of one run: only the newer goes on, whatever became of the lock; the older says so and acknowledges nothing."""

import os
import signal

from fugle_case import FugleCase, main, poll, processes_of

WORKFLOW = """
version: 1
name: fenced
tasks:
  quick: {matrix: {i: "1..20"}, run: "echo $FUGLE_MATRIX_i >> quick"}
  slow:
    needs: [quick]
    matrix: {i: "1..2"}
    run: |
      echo $FUGLE_MATRIX_i >> started
      while test ! -e go; do sleep 0.05; done
      echo $FUGLE_MATRIX_i >> ended
  last: {needs: [slow], run: "echo x >> last"}
"""


class Fencing(FugleCase):
    def both(self, *place):
        self.write("w.yaml", WORKFLOW)
        older = self.start("run", "w.yaml", *place)
        self.wait_for_run()
        poll(lambda: self.status()["counts"]["ok"] == 20 and len(self.status()["running"]) == 2, 60, "the slow ones")
        (self.run_dir() / "run.lock").unlink()
        newer = self.start("resume", *place)
        output, _ = older.communicate(timeout=60)
        self.assertEqual(older.returncode, 5, output)
        self.assertIn("another head", output)
        self.assertIsNone(newer.poll(), "the newer one was disturbed")
        (self.directory / "go").touch()
        said, _ = newer.communicate(timeout=60)
        self.assertEqual(newer.returncode, 0, said)
        self.assertEqual(self.status()["counts"]["ok"], 23)
        self.assertEqual(sorted(map(int, self.read("quick").split())), list(range(1, 21)), "what was OK ran again")
        self.assertEqual((sorted(self.read("ended").split()), self.read("last")), (["1", "2"], "x\n"))
        ok = [a["element"] for a in self.attempts() if a["state"] == "OK"]
        self.assertEqual((len(ok), len(set(ok))), (23, 23))
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")

    def test_in_one_process(self):
        self.both("--local", "-j2")

    def test_over_ranks_the_front_end_does_not_bring_the_older_back(self):
        self.both("-n", 2, "-j1")

    def test_a_head_that_slept_acknowledges_nothing_when_it_wakes(self):
        """As when a node hangs, its job is requeued, and the node comes back."""
        self.write("w.yaml", WORKFLOW)
        older = self.start("run", "w.yaml", "--local", "-j2")
        self.wait_for_run()
        poll(lambda: self.status()["counts"]["ok"] == 20 and len(self.status()["running"]) == 2, 60, "the slow ones")
        os.kill(older.pid, signal.SIGSTOP)
        (self.run_dir() / "run.lock").unlink()
        (self.directory / "go").touch()
        self.fugle("resume", "--local", "-j2")
        events = self.json_of("history", "--events")
        os.kill(older.pid, signal.SIGCONT)
        output, _ = older.communicate(timeout=60)
        self.assertEqual(older.returncode, 5, output)
        self.assertEqual(self.json_of("history", "--events"), events, "the older one wrote into the journal")
        self.assertEqual(self.status()["state"], "OK")


if __name__ == "__main__":
    main()
