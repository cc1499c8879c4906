"""simulate: what a run would be like on machines that are described, as text and as JSON."""

import json
import os
import pathlib

from fugle_case import FugleCase, main

FAN = """
version: 1
name: fan
tasks:
  split: {run: "true", estimate: 10s}
  work: {needs: [split], matrix: {i: "1..64"}, estimate: 60s, run: "true"}
  merge: {needs: [work], run: "true", estimate: 20s}
"""

FIELDS = {"makespan_s", "lower_bound_s", "critical_path", "utilisation", "bytes_between_nodes", "core_hours",
          "head_busy", "messages"}


class Simulate(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("fan.yaml", FAN)

    def simulate(self, *args):
        return self.json_of("simulate", "fan.yaml", *args)

    def refuse(self, part, *args):
        done = self.fugle("simulate", "fan.yaml", *args, expect=2)
        self.assertIn(part, done.stderr)
        self.assertIn("try" if "try" in done.stderr else ";", done.stderr)


class Forecasts(Simulate):
    def test_each_size_has_all_fields(self):
        report = self.simulate("--alloc", "nodes=1..8,cores=8,mem=16G")
        self.assertEqual([size["nodes"] for size in report["sizes"]], [1, 2, 4, 8])
        for size in report["sizes"]:
            self.assertLessEqual(FIELDS, set(size))
            self.assertEqual(size["unfinished"], 0)
            self.assertGreaterEqual(size["makespan_s"], size["lower_bound_s"] * 0.9999)
            self.assertLess(size["makespan_s"], size["lower_bound_s"] * 1.02)
            self.assertEqual(size["critical_path"][0], "split")
            self.assertEqual(size["critical_path"][-1], "merge")
        self.assertAlmostEqual(report["sizes"][0]["lower_bound_s"], 10 + 8 * 60 + 20, places=3)
        self.assertAlmostEqual(report["sizes"][3]["lower_bound_s"], 90, places=3)
        self.assertEqual(report["width"], {"elements": 64, "cores": 64})

    def test_the_smallest_allocation_within_10_percent_of_the_best(self):
        report = self.simulate("--alloc", "nodes=1..32,cores=8")
        self.assertEqual([entry["nodes"] for entry in report["smallest"]], [8])
        text = self.fugle("simulate", "fan.yaml", "--alloc", "nodes=1..32,cores=8").stdout
        self.assertIn("smallest allocation within 10 % of the best: nodes=8 (", text)
        self.assertIn("at most 64 at once", text)
        self.assertIn("critical path, 1m30s: split -> work[", text)

    def test_the_same_twice_is_the_same_bytes(self):
        args = ["simulate", "fan.yaml", "--alloc", "nodes=1..4,cores=8", "--noise", "0.2", "--lose-node", "80s",
                "--policy", "fifo,heft,partition", "--json"]
        first = self.fugle(*args, "--seed", "7").stdout
        self.assertEqual(first, self.fugle(*args, "--seed", "7").stdout)
        self.assertNotEqual(first, self.fugle(*args, "--seed", "8").stdout)

    def test_policies_are_compared(self):
        report = self.simulate("--alloc", "nodes=4,cores=8", "--policy", "fifo,heft,partition")
        self.assertEqual([size["policy"] for size in report["sizes"]], ["fifo", "heft", "partition"])
        self.assertEqual([entry["policy"] for entry in report["smallest"]], ["fifo", "heft", "partition"])

    def test_a_lost_node_costs_time_but_no_element(self):
        whole = self.simulate("--alloc", "nodes=8,cores=8")["sizes"][0]
        lossy = self.simulate("--alloc", "nodes=8,cores=8", "--lose-node", "30s@n3")["sizes"][0]
        self.assertEqual((lossy["lost_workers"], lossy["unfinished"], lossy["attempts"]), (1, 0, 66 + 8))
        self.assertGreater(lossy["makespan_s"], whole["makespan_s"] + 15)

    def test_less_knowledge_is_compared_with_all(self):
        size = self.simulate("--alloc", "nodes=2,cores=8", "--known", "task-means", "--noise", "0.2")["sizes"][0]
        self.assertGreaterEqual(size["makespan_s"], 0.9 * size["makespan_if_known_s"])
        text = self.fugle("simulate", "fan.yaml", "--alloc", "nodes=2,cores=8", "--known", "none").stdout
        self.assertIn("loss", text)

    def test_this_machine_and_lines(self):
        self.write("lines.txt", "true\ntrue\ntrue\n")
        report = self.json_of("simulate", "--lines", "lines.txt", "-j", "3")
        self.assertEqual((report["elements"], report["sizes"][0]["cores"]), (3, 3))

    def test_a_trace_counts_its_bytes(self):
        trace = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "../shared/data/wfinstances/helloworld-forkjoin-10-chameleon.json"
        if not trace.exists():
            self.skipTest(f"{trace} is not there")
        report = self.json_of("simulate", trace, "--from", "wfformat", "--replay", "1", "--alloc",
                              "nodes=4,cores=2", "--bandwidth", "1G")
        self.assertEqual(report["sizes"][0]["unfinished"], 0)
        self.assertIsNotNone(report["sizes"][0]["bytes_between_nodes"])

    def test_lengths_are_learned_from_earlier_runs(self):
        self.write("nap.yaml", 'version: 1\nname: nap\ntasks: {nap: {matrix: {i: "1..4"}, run: [sleep, "0.3"]}}\n')
        self.fugle("run", "nap.yaml", "--local", "-j4")
        report = self.json_of("simulate", "nap.yaml", "-j", "2")
        self.assertEqual((report["learned"], report["guessed"]), (4, 0))
        self.assertGreater(report["sizes"][0]["makespan_s"], 0.6)
        self.assertLess(report["sizes"][0]["makespan_s"], 1.5)

    def test_nothing_is_started_or_written(self):
        before = sorted(os.listdir(self.directory))
        self.simulate("--alloc", "nodes=2,cores=4")
        self.assertEqual(before, sorted(os.listdir(self.directory)))


class AgainstARealRun(Simulate):
    def test_a_real_run_takes_as_long_as_simulated(self):
        """A fan of sleeping tasks of 40 to 100 ms, as a trace: a file of ours can not say less than a second."""
        names = ["split"] + [f"work_{i}" for i in range(60)] + ["merge"]
        parents = {"split": [], "merge": names[1:-1]}
        tasks = [{"name": name, "id": name, "parents": parents.get(name, ["split"]),
                  "children": names[1:-1] if name == "split" else ["merge"] if name != "merge" else [],
                  "inputFiles": [], "outputFiles": []} for name in names]
        runs = [{"id": name, "runtimeInSeconds": 0.04 + 0.001 * i} for i, name in enumerate(names)]
        trace = {"name": "fan", "schemaVersion": "1.5", "workflow": {
            "specification": {"tasks": tasks, "files": []}, "execution": {"tasks": runs, "machines": []}}}
        self.write("trace.json", json.dumps(trace))
        how = ["trace.json", "--from", "wfformat", "--replay", "1"]
        simulated = self.json_of("simulate", *how, "-j", "4")["sizes"][0]["makespan_s"]
        real = []
        for _ in range(5):  # the best of some: the machine may be busy with something else
            self.fugle("run", *how, "--local", "-j4")
            attempts = self.attempts()
            start = min(attempt["start_ns"] for attempt in attempts)
            real.append((max(attempt["end_ns"] for attempt in attempts) - start) * 1e-9)
            if abs(real[-1] / simulated - 1) < 0.1:
                return
        self.assertAlmostEqual(min(real) / simulated, 1, delta=0.1)


class WrongInput(Simulate):
    def test_mistakes_are_explained(self):
        self.refuse("'--alloc': cannot read 'nodes=x'", "--alloc", "nodes=x")
        self.refuse("--policy best is not known", "--policy", "fifo,best")
        self.refuse("--known all is not known; one of exact, task-means, none", "--known", "all")
        self.refuse("--noise -1 is not in 0..10", "--noise=-1")
        self.refuse("--bandwidth fast: not a number of bytes", "--bandwidth", "fast")
        self.refuse("n1 is the node of the head", "--alloc", "nodes=4,cores=4", "--lose-node", "10s@n1")
        self.refuse("there is no node n9", "--alloc", "nodes=4,cores=4", "--lose-node", "10s@n9")
        self.refuse("cannot read the time", "--alloc", "nodes=4,cores=4", "--lose-node", "soon")
        self.refuse("the only node is that of the head", "--alloc", "nodes=1,cores=4", "--lose-node", "10s")
        self.refuse("--effort 12 is not in 0..9", "--effort", "12")
        self.refuse("--alloc says what there is", "--alloc", "nodes=4", "-j", "2")

    def test_what_fits_on_no_node_is_refused(self):
        self.write("big.yaml", 'version: 1\nname: big\ntasks: {big: {resources: {cores: 64}, run: "true"}}\n')
        done = self.fugle("simulate", "big.yaml", "--alloc", "nodes=4,cores=8", expect=2)
        self.assertIn("E302", done.stderr)

    def test_what_fits_at_some_sizes_only_is_said_of_the_others(self):
        self.write("wide.yaml", 'version: 1\nname: wide\ntasks: {wide: {resources: {nodes: 4}, run: "true"}}\n')
        done = self.fugle("simulate", "wide.yaml", "--alloc", "nodes=1..4,cores=8")
        self.assertIn("allocation has 2 nodes, task wide needs 4; 1 element cannot run here", done.stderr)
        self.assertNotIn("allocation has 4", done.stderr)
        self.assertIn("nodes=4", done.stdout)
        self.fugle("simulate", "wide.yaml", "--alloc", "nodes=1..2,cores=8", expect=2)


if __name__ == "__main__":
    main()
