"""What is planned is what happens: order, length, policies, described machines, and what does not fit on them."""

import shutil
import time
import unittest

from fugle_case import FugleCase, main

LADDER = """
version: 1
name: ladder
tasks:
  a: {estimate: 1s, run: sleep 0.01}
  b: {estimate: 2s, needs: [a], run: sleep 0.02}
  c: {estimate: 3s, needs: [a], run: sleep 0.03}
  d: {estimate: 2s, needs: [b, c], run: sleep 0.02}
  e: {estimate: 3s, priority: 5, run: sleep 0.03}
  f: {estimate: 1s, needs: [b, c], run: sleep 0.01}
  g: {matrix: {i: "1..4"}, needs: [e], estimate: 1s, run: sleep 0.01}
"""


class Plan(FugleCase):
    def plan(self, *args):
        return self.json_of("plan", *args)

    def test_on_one_worker_the_plan_is_the_order_of_the_run(self):
        """CON-50. Of leases (chains, and those of `partition`) the elements follow each other without asking whether
        something else would be preferred by then, so there are none here."""
        self.write("w.yaml", LADDER)
        for policy in ("heft", "auto", "fifo"):
            plan = self.plan("w.yaml", "-j1", "--policy", policy)
            self.fugle("run", "w.yaml", "-j1", "--policy", policy)
            planned = [e["id"] for e in sorted(plan["elements"], key=lambda e: e["start_s"])]
            started = [a["element"] for a in sorted(self.attempts(), key=lambda a: a["start_ns"])]
            self.assertEqual(planned, started, policy)

    def test_the_predicted_length_is_that_of_the_run(self):
        """CON-50: within 20 %."""
        self.write("w.yaml", LADDER.replace("estimate:", "timeout: 9s, grace:").replace("sleep 0.0", "sleep 0."))
        self.fugle("run", "w.yaml", "-j1")
        plan = self.plan("w.yaml", "-j1")
        self.fugle("run", "w.yaml", "-j1")
        began = min(a["start_ns"] for a in self.attempts())
        ended = max(a["end_ns"] for a in self.attempts())
        took = (ended - began) / 1e9
        self.assertAlmostEqual(plan["makespan_s"] / took, 1, delta=0.2)

    def test_all_policies_are_told_with_the_bound(self):
        self.write("w.yaml", LADDER)
        plan = self.plan("w.yaml", "--alloc", "nodes=2,cores=1")
        self.assertEqual([p["policy"] for p in plan["policies"]], ["fifo", "heft", "partition"])
        self.assertIn(plan["policy"], ("fifo", "heft", "partition"))
        self.assertLessEqual(plan["makespan_s"], min(p["makespan_s"] for p in plan["policies"]) + 1e-9)
        self.assertGreaterEqual(plan["ratio"], 1)
        self.assertAlmostEqual(plan["ratio"], plan["makespan_s"] / plan["lower_bound_s"])
        self.assertLessEqual({"order", "home", "worker", "start_s", "end_s"}, set(plan["elements"][0]))
        text = self.fugle("plan", "w.yaml", "--alloc", "nodes=2,cores=1").stdout
        self.assertRegex(text, r"makespan \d+\.\ds by \w+.*, lower bound \d+\.\ds \(.*\): 1\.\d\dx of the bound")
        for policy in ("fifo", "heft", "partition"):
            self.assertRegex(text, rf"  {policy} +\d+\.\ds")

    def test_options_that_make_no_sense_are_refused(self):
        self.write("w.yaml", LADDER)
        for args in (["--policy", "best"], ["--effort", "10"], ["--alloc", "nodes=1..4"], ["--alloc", "nodes=2", "-j2"],
                     ["--alloc", "topology=nothing like it"]):
            self.assertRegex(self.fugle("plan", "w.yaml", *args, expect=2).stderr, "^fugle: ", args)
        self.fugle("run", "w.yaml", "--policy", "best", expect=2)
        self.assertFalse((self.directory / ".fugle").exists())


class Fit(FugleCase):
    def test_what_fits_on_no_node_of_a_described_machine_is_an_error(self):
        """SYS-20, FORMAT.md E302."""
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n"
                             "  wrf: {run: x, resources: {cores: 256, mem: 300G, gpus: 2}}\n")
        said = self.fugle("plan", "w.yaml", "--alloc", "nodes=4,cores=128,mem=256G,gpus=1", expect=2).stderr
        self.assertIn("w.yaml:4:36: error E302: task wrf needs 256 cores, largest node has 128\n", said)
        self.assertIn("error E302: task wrf needs 300.0G, largest node has 256.0G\n", said)
        self.assertIn("error E302: task wrf needs 2 gpus, largest node has 1\n", said)
        self.fugle("plan", "w.yaml", "--alloc", "nodes=4,cores=256,mem=300G,gpus=2")

    def test_a_gpu_is_asked_for_where_there_is_none(self):
        """SYS-17."""
        if "GPU" in self.fugle("plan", "-", stdin="version: 1\nname: w\ntasks: {a: {run: x}}\n").stdout:
            self.skipTest("this machine has a GPU: a task that asks for one fits")
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true", resources: {gpus: 1}}}\n')
        for verb in ("plan", "run"):
            self.assertIn("error E302: task a needs 1 gpu, largest node has 0",
                          self.fugle(verb, "w.yaml", expect=2).stderr)
        self.assertFalse((self.directory / ".fugle").exists(), "nothing was started")

    def test_what_does_not_fit_here_is_left_and_the_rest_runs(self):
        """SYS-20, W09."""
        self.write("w.yaml", 'version: 1\nname: w\ntasks:\n'
                             '  huge: {matrix: {i: [1, 2]}, run: "true", resources: {mem: 9000T}}\n'
                             '  ok: {run: "true"}\n')
        before = time.monotonic()
        done = self.fugle("run", "w.yaml", expect=4)
        self.assertLess(time.monotonic() - before, 5)
        self.assertRegex(done.stderr, r"w\.yaml:4:\d+: warning W09: task huge needs 8\.8P, largest node has .*; "
                                      r"2 elements cannot run here")
        self.assertEqual(self.states(), {"ok": "OK"})
        self.assertIn("largest worker has", self.fugle("why", "huge[1]").stdout)

    def test_a_level_that_is_absent_is_told(self):
        """W04."""
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true", resources: {cores: 2, bind: l3}}}\n')
        said = self.fugle("plan", "w.yaml", "--alloc", "topology=pack:2 core:4 pu:1").stderr
        self.assertRegex(said, r"w\.yaml:3:\d+: warning W04: no l3 level on node n1; binding to (numa|socket)")
        self.assertEqual(self.fugle("plan", "w.yaml", "--alloc", "topology=pack:2 l3:2 core:4 pu:1").stderr, "")


@unittest.skipIf(shutil.which("mpirun") is None, "mpirun is not installed")
class Ranks(FugleCase):
    def test_every_policy_runs_over_ranks(self):
        self.write("w.yaml", LADDER)
        for policy in ("fifo", "heft", "partition"):
            self.fugle("run", "w.yaml", "-n", "2", "--policy", policy)
            self.assertEqual(self.status()["counts"]["ok"], 10)
        self.fugle("run", "w.yaml", "-n", "3", "-j", "1", "--dedicated-head")
        self.assertEqual(self.status()["counts"]["ok"], 10)


if __name__ == "__main__":
    main()
