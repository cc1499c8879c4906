"""Several runs at once: outputs that collide are refused, and groups keep to their number."""

import os
import signal
import unittest

from fugle_case import FugleCase, main, poll

WORKFLOW = """
version: 1
name: w
params: {p: "1"}
%s
tasks:
  a: {outputs: {o: "out.${{ params.p }}"}, run: "touch started.${{ params.p }}; while ! test -e go.${{ params.p }}; do sleep 0.1; done; touch ${{ outputs.o }}"}
"""


class Concurrency(FugleCase):
    def workflow(self, group=""):
        self.write("w.yaml", WORKFLOW % group)

    def begin(self, p, *options):
        run = self.start("run", "w.yaml", "--local", "-p", f"p={p}", *options)
        return run

    def go(self, *ps):
        for p in ps:
            self.write(f"go.{p}", "")

    def test_runs_with_other_outputs_go_on_beside_each_other(self):
        self.workflow()
        runs = [self.begin(p) for p in (1, 2)]
        for p in (1, 2):
            self.wait_for(f"started.{p}")
        self.go(1, 2)
        self.assertEqual([run.wait(timeout=60) for run in runs], [0, 0])

    def test_a_run_that_writes_what_a_living_one_writes_is_refused(self):
        self.workflow()
        first = self.begin(1)
        self.wait_for("started.1")
        name = self.run_dir().name
        for options in (["--local"], ["-n", "2"]):
            second = self.fugle("run", "w.yaml", *options, expect=5)
            self.assertIn(f"run {name} runs now and writes {self.directory}/out.1 too", second.stderr)
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)
        self.go(1)
        self.assertEqual(first.wait(timeout=60), 0)
        self.fugle("run", "w.yaml", "--local")

    def test_a_resume_is_refused_likewise(self):
        self.workflow()
        first = self.begin(1)
        self.wait_for("started.1")
        name = self.run_dir().name
        first.kill()
        first.wait()
        second = self.begin(1)
        poll(lambda: len(list(self.directory.glob(".fugle/*/run.json"))) == 2, what="the second run")
        self.assertIn("runs now and writes", self.fugle("resume", name, "--local", expect=5).stderr)
        self.go(1)
        self.assertEqual(second.wait(timeout=60), 0)
        self.fugle("resume", name, "--local")

    def test_of_a_group_the_others_wait_in_a_queue(self):
        self.workflow('concurrency: {group: "${{ workflow.name }}-x", when_busy: queue}')
        first = self.begin(1)
        self.wait_for("started.1")
        second = self.begin(2)
        line = second.stdout.readline()
        self.assertIn("waits for its turn in group 'w-x': position 1 in the queue (run w-", line)
        third = self.begin(3)
        self.assertIn("position 2 in the queue", third.stdout.readline())
        self.assertFalse((self.directory / "started.2").exists())
        self.go(1)
        self.wait_for("started.2")
        self.assertEqual(first.wait(timeout=60), 0)
        self.assertFalse((self.directory / "started.3").exists())
        os.kill(second.pid, signal.SIGKILL)  # whoever dies has no place any more
        self.wait_for("started.3")
        self.go(3)
        self.assertEqual(third.wait(timeout=60), 0)

    def test_a_group_may_have_several(self):
        self.workflow("concurrency: {group: g, max: 2, when_busy: fail}")
        runs = [self.begin(p) for p in (1, 2)]
        for p in (1, 2):
            self.wait_for(f"started.{p}")
        third = self.fugle("run", "w.yaml", "--local", "-p", "p=3", expect=5)
        self.assertIn("of group 'g' too, where 2 may run at once", third.stderr)
        self.go(1, 2)
        self.assertEqual([run.wait(timeout=60) for run in runs], [0, 0])

    def test_a_run_may_leave_when_its_group_is_busy(self):
        self.workflow("concurrency: {group: g, when_busy: skip}")
        first = self.begin(1)
        self.wait_for("started.1")
        self.assertIn("skipped: run w-", self.fugle("run", "w.yaml", "-n", 2, "-p", "p=2").stdout)
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)
        self.go(1)
        self.assertEqual(first.wait(timeout=60), 0)

    def test_a_run_may_end_the_one_before(self):
        self.workflow("concurrency: {group: g, when_busy: cancel_running}")
        first = self.begin(1)
        self.wait_for("started.1")
        second = self.begin(2)
        self.assertNotEqual(first.wait(timeout=60), 0)
        self.wait_for("started.2")
        self.go(2)
        self.assertEqual(second.wait(timeout=60), 0)


if __name__ == "__main__":
    main()
