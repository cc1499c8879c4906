"""What a failed element does to the rest, to the exit code, and what the user reads about it."""

import os
import shlex
import subprocess

from fugle_case import FugleCase, main

ONE_FAILS = """
version: 1
name: one-fails
tasks:
  first: {run: "true"}
  bad: {needs: [first], run: "exit 3", on_failure: POLICY}
  after: {needs: [bad], run: "true"}
  beside: {needs: [first], run: "true"}
"""


class Failure(FugleCase):
    def test_a_failure_blocks_what_needs_it_and_nothing_else(self):
        self.write("w.yaml", ONE_FAILS.replace("POLICY", "skip_dependents"))
        done = self.fugle("run", "w.yaml", expect=1)
        counts = self.status()["counts"]
        self.assertEqual((counts["ok"], counts["failed"], counts["blocked"]), (2, 1, 1))
        self.assertEqual(self.status()["failed"], ["bad"])
        self.assertRegex(self.last_line(done), r"^next: fugle resume one-fails-\S+$")

    def test_an_ignored_failure_counts_as_ok(self):
        self.write("w.yaml", ONE_FAILS.replace("POLICY", "ignore"))
        done = self.fugle("run", "w.yaml")
        self.assertEqual(self.states(), {"first": "OK", "bad": "FAILED", "after": "OK", "beside": "OK"})
        self.assertEqual(self.status()["ignored"], 1)
        self.assertIn("ignored 1", done.stderr)

    def test_fail_fast_ends_what_runs(self):
        self.write("w.yaml", """
version: 1
name: fast
tasks:
  bad: {run: "while [ ! -e started ]; do sleep 0.01; done; exit 1"}
  long: {run: "touch started; sleep 300"}
  later: {needs: [long], run: "true"}
""")
        self.fugle("run", "w.yaml", "-j2", "--fail-fast", expect=1)
        self.assertEqual(self.states(), {"bad": "FAILED", "long": "CANCELLED"})

    def test_the_failure_block_says_all_one_needs_to_know(self):
        self.write("w.yaml", """
version: 1
name: block
tasks:
  flaky:
    matrix: {i: [1, 2, 3]}
    env: {WHO: "it's me"}
    run: |
      test $FUGLE_MATRIX_i = 3 || exit 0
      seq 100 130; echo "$WHO is broken" >&2; exit 7
""")
        said = self.fugle("run", "w.yaml", expect=1).stderr
        for part in ["FAILED flaky[3]", "attempt 1 of 1", f"on {os.uname().nodename}", "exit code 7", "bash -euo",
                     "| 130", "| it's me is broken", "w.yaml, task 'flaky'", "fugle logs block-", "fugle resume"]:
            self.assertIn(part, said)
        self.assertNotIn("| 100\n", said)
        by_hand = next(line.split("by hand", 1)[1].strip() for line in said.splitlines() if "by hand" in line)
        shown = said[said.index(by_hand):]
        self.assertEqual(self.run_by_hand(shown), 7)

    def run_by_hand(self, shown):
        """The command of a failure block, up to its closing quote, as a user would paste it."""
        end = len(shown)
        for stop in range(len(shown)):
            if shown.startswith("\n  log ", stop):
                end = stop
        command = shown[:end]
        shlex.split(command)
        return subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode

    def test_what_can_never_fit_ends_the_run_as_incomplete_with_the_reason(self):
        self.write("w.yaml", """
version: 1
name: big
tasks:
  huge: {resources: {cores: 3}, run: "true"}
  small: {run: "true"}
""")
        self.fugle("run", "w.yaml", "-j2", expect=4)
        self.assertEqual(self.states(), {"small": "OK"})
        self.assertEqual(self.status()["state"], "INCOMPLETE")
        self.assertIn("needs 3 cores, largest worker has 2", self.fugle("why", "big", "huge").stdout)
        self.assertIn("1 elements cannot run here", self.fugle("plan", "w.yaml", "-j2").stdout)

    @staticmethod
    def last_line(done):
        return (done.stdout + done.stderr).rstrip().splitlines()[-1]


if __name__ == "__main__":
    main()
