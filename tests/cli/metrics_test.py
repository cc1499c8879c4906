"""Metrics of tasks, the table of a sweep, its references, and attempts side by side."""

import csv
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from fugle_case import FugleCase, main, poll
from hdf5_test import python_with_h5py

# What a program would print: twice as fast with twice the nodes, but for the last point.
SWEEP = """
version: 1
name: sweep
tasks:
  md:
    matrix: {n: [1, 2, 4, 8], repeat: "1..3"}
    run: |
      case $FUGLE_MATRIX_n in 8) rate=50;; *) rate=$((10 * FUGLE_MATRIX_n));; esac
      echo "Performance:   $((rate + FUGLE_MATRIX_repeat - 2)).0   0.1"
    metrics:
      ns_day: {regex: 'Performance: +([0-9.]+)', unit: ns/day}
report:
  rows: matrix.n
  columns: [median(ns_day), speedup(ns_day), efficiency(ns_day), spread(ns_day)]
  baseline: {n: 1}
  reference: {"efficiency(ns_day)": {n: 8, min: MIN}}
"""


# Run by a Python that has h5py; prints what it finds in the directory of a run.
READER = """
import h5py, json, sys

def texts(group, name):
    offsets = group[name + "_offset"][:]
    text = group[name + "_bytes"][:].tobytes()
    return [text[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])]

with h5py.File(sys.argv[1] + "/metrics.h5", "r") as file:
    points = file["points"][:]
    points = points[points["attempt"] > 0]
    ids = texts(file["plan/elements"], "id")
    found = {"names": texts(file["metrics"], "name"), "units": texts(file["metrics"], "unit"),
             "values": {ids[row["element"]]: float(row["value"]) for row in points}}
with h5py.File(sys.argv[1] + "/report.h5", "r") as file:
    found |= {"points": texts(file, "point"), "columns": texts(file, "columns"), "table": file["values"][:].tolist()}
print(json.dumps(found))
"""


class Sweep(FugleCase):
    def test_a_run_ends_with_its_table(self):
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.6"))
        done = self.fugle("run", "sweep.yaml")
        lines = done.stdout.splitlines()[-5:]
        self.assertEqual(lines[0].split(), ["n", "median(ns_day)", "ns/day", "speedup(ns_day)", "efficiency(ns_day)",
                                            "spread(ns_day)"])
        self.assertEqual([line.split() for line in lines[1:]],
                         [["1", "10", "1", "1", "0.2"], ["2", "20", "2", "1", "0.1"], ["4", "40", "4", "1", "0.05"],
                          ["8", "50", "5", "0.625", "0.04"]])
        again = self.fugle("report", "--table")
        self.assertEqual(again.stdout.splitlines(), lines)
        self.assertIn("\n".join(lines), self.fugle("report").stdout)

        rows = list(csv.DictReader(io.StringIO(self.fugle("report", "--csv").stdout)))
        self.assertEqual([(row["n"], row["efficiency(ns_day)"]) for row in rows],
                         [("1", "1"), ("2", "1"), ("4", "1"), ("8", "0.625")])
        self.assertEqual((self.run_dir() / "report.csv").read_text(), self.fugle("report", "--csv").stdout)
        table = self.json_of("report", "--table")
        self.assertEqual(table["rows"][3]["point"], {"n": "8"})
        self.assertEqual(table["rows"][3]["values"]["speedup(ns_day)"], 5)
        self.assertEqual(table["misses"], [])

    def test_a_missed_reference_is_named_and_is_exit_code_1(self):
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.70"))
        for verb in (["run", "sweep.yaml"], ["report", "--table"], ["report"]):
            done = self.fugle(*verb, expect=1)
            self.assertIn("reference missed: efficiency(ns_day) of md[8]: 0.625 is below 0.7", done.stderr)
            self.assertIn("0.625 !", done.stdout)
        self.assertEqual(self.status()["counts"]["ok"], 12, "the elements themselves are good")

    def test_a_run_that_only_misses_a_reference_is_failed_everywhere(self):
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.70"))
        self.fugle("run", "sweep.yaml", expect=1)
        miss = "reference missed: efficiency(ns_day) of md[8]: 0.625 is below 0.7"
        status = self.status()
        self.assertEqual((status["state"], status["reason"]), ("FAILED", miss))
        self.assertIn(f"FAILED ({miss})", self.fugle("status").stdout)
        self.assertIn("FAILED", self.fugle("history").stdout)
        self.assertIn(miss, self.fugle("history").stdout)
        self.assertIn(miss, self.fugle("history", "sweep").stdout)
        self.assertIn("FAILED", self.fugle("report", expect=1).stdout)
        for _ in range(2):
            self.assertIn(miss, self.fugle("resume", expect=1).stderr)

    def test_rows_are_found_by_value_whatever_their_ids_are(self):
        self.write("odd.yaml", """
version: 1
name: odd
tasks:
  md:
    matrix: {input: ["a b", "x=1;y", "ümlaut", 3.0]}
    run: |
      case $FUGLE_INDEX in 0) echo rate 10;; *) echo rate 5;; esac
    metrics: {rate: {regex: 'rate ([0-9]+)'}}
report:
  rows: matrix.input
  columns: [speedup(rate)]
  baseline: {input: a b}
  reference: {speedup(rate): [{input: "x=1;y", min: 0.9}, {input: ümlaut, max: 0.9}]}
""")
        done = self.fugle("run", "odd.yaml", expect=1)
        self.assertIn("speedup(rate) of md[x=1;y]: 0.5 is below 0.9", done.stderr)
        self.assertEqual(done.stderr.count("reference missed"), 1)
        rows = self.json_of_table()["rows"]
        self.assertEqual({row["point"]["input"]: row["values"]["speedup(rate)"] for row in rows},
                         {"a b": 1, "x=1;y": 0.5, "ümlaut": 0.5, "3": 0.5})

    def json_of_table(self):
        return json.loads(self.fugle("report", "--table", "--json", expect=None).stdout)

    def test_points_that_do_not_fit_say_so_and_are_exit_code_4(self):
        text = SWEEP.replace("MIN", "0.6").replace("    run: |", '    resources: {cores: "${{ matrix.n }}"}\n    run: |')
        self.write("sweep.yaml", text)
        done = self.fugle("run", "sweep.yaml", "-j", "4", expect=4)
        self.assertIn("not run: needs 8 cores, largest worker has 4", done.stdout)
        self.assertIn("not run: needs 8 cores", self.fugle("report", "--table", expect=4).stdout)

    def test_values_are_in_hdf5(self):
        python = python_with_h5py()
        if python is None:
            self.skipTest("no python3 with h5py: nothing was read")
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.6"))
        self.fugle("run", "sweep.yaml")
        read = subprocess.run([python, "-c", READER, str(self.run_dir())], capture_output=True, text=True, timeout=60)
        self.assertEqual(read.returncode, 0, read.stderr)
        found = json.loads(read.stdout)
        self.assertEqual((found["names"], found["units"]), (["ns_day"], ["ns/day"]))
        self.assertEqual(sorted(found["values"].values()), [9, 10, 11, 19, 20, 21, 39, 40, 41, 49, 50, 51])
        self.assertEqual(found["values"]["md[4,3]"], 41)
        self.assertEqual(found["points"], ["1", "2", "4", "8"])
        self.assertEqual(found["table"][12:], [50, 5, 0.625, 0.04])

    def test_what_the_files_do_not_have_is_said(self):
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.6"))
        self.fugle("run", "sweep.yaml")
        (self.run_dir() / "metrics.h5").write_text("no HDF5")
        self.assertIn("metrics.h5' is damaged", self.fugle("report", "--table", expect=3).stderr)
        (self.run_dir() / "metrics.h5").unlink()
        self.assertEqual(self.fugle("report", "--table").stdout.count("metrics.h5 has no values of it"), 4)

    def test_over_ranks_the_table_is_the_same(self):
        self.write("sweep.yaml", SWEEP.replace("MIN", "0.70"))
        for options in ({"prefix": self.mpirun(3)}, {}):
            args = [] if options else ["-n", "2"]
            done = self.fugle("run", "sweep.yaml", "-j1", *args, expect=1, **options)
            self.assertIn("0.625 !", done.stdout)
            self.assertIn("reference missed", done.stderr)

    def test_without_the_key_report_there_is_no_table(self):
        self.write("plain.yaml", "version: 1\nname: plain\ntasks: {a: {run: 'true'}}\n")
        self.assertEqual(self.fugle("run", "plain.yaml").stdout, "")
        self.assertIn("no key 'report'", self.fugle("report", "--table", expect=2).stderr)
        self.assertFalse((self.run_dir() / "metrics.h5").exists())


class Metrics(FugleCase):
    def test_outside_its_tolerance_an_element_fails(self):
        self.write("slow.yaml", """
version: 1
name: slow
tasks:
  wrf:
    matrix: {t: [0.3, 0.5]}
    run: for i in 1 2 3; do echo "Timing for main - time $i - ${{ matrix.t }} elapsed"; done
    metrics:
      s_per_step: {regex: 'Timing for main.* ([0-9.]+) elapsed', unit: s, reference: 0.31, tolerance: [-1.0, 0.25]}
""")
        done = self.fugle("run", "slow.yaml", expect=1)
        wanted = "metric 's_per_step' is 0.5 s, wanted 0 to 0.3875 s (reference 0.31 s)"
        self.assertIn(wanted, done.stderr)
        self.assertIn("performance", self.fugle("why", "wrf[0.5]").stdout)
        self.assertEqual(self.states(), {"wrf[0.3]": "OK", "wrf[0.5]": "FAILED"})

    def test_a_reference_may_be_of_each_element(self):
        self.write("own.yaml", """
version: 1
name: own
params: {slack: 1.0}
tasks:
  a:
    matrix: {n: [1, 2, 4]}
    run: "echo took $((12 / FUGLE_MATRIX_n))"
    metrics: {took: {regex: 'took ([0-9]+)', reference: "${{ params.slack * 12 / matrix.n }}", tolerance: [-0.1, 0.1]}}
""")
        self.fugle("run", "own.yaml")
        done = self.fugle("run", "own.yaml", "-p", "slack=0.5", expect=1)
        self.assertIn("metric 'took' is 6, wanted 2.7 to 3.3 (reference 3)", done.stderr + self.fugle("why", "a[2]").stdout)
        self.assertIn("'reference'", self.fugle("validate", self.write("bad.yaml", self.read("own.yaml").replace(
            "slack: 1.0", "slack: fast").replace("params.slack * 12 / matrix.n", "params.slack")), expect=2).stderr)

    def dataset_file(self, metric, writer):
        """A task whose output `out` is written by a Python that has h5py."""
        python = python_with_h5py()
        if python is None:
            self.skipTest("no python3 with h5py: nothing was read")
        self.write("write.py", "import sys, h5py, numpy\nwith h5py.File(sys.argv[1], 'w') as f:\n" +
                   "".join(f"    {line}\n" for line in writer))
        return f"""
version: 1
name: data
tasks:
  a:
    outputs: {{out: out.h5}}
    cleanup: "echo cleaned > cleaned"
    run: ["{python}", write.py, "${{{{ outputs.out }}}}"]
    metrics: {metric}
"""

    def test_a_dataset_of_an_output_gives_the_values(self):
        self.write("w.yaml", self.dataset_file("{energy: {hdf5: /run/energy, unit: Ha, reference: 5, tolerance: [0, 0]}}",
                                               ["f['run/energy'] = numpy.array([[4.0, 5.5], [5.0, 4.5], [9.0, 8.0]])"]))
        done = self.fugle("run", "w.yaml", expect=1)
        self.assertIn("metric 'energy' is 5.25 Ha, wanted 5 to 5 Ha", done.stderr)
        self.assertEqual(self.read("cleaned"), "cleaned\n")
        self.write("w.yaml", self.read("w.yaml").replace("[0, 0]", "[0, 0.1]"))
        self.fugle("run", "w.yaml", "-n", "2", "-j1")
        self.assertEqual(self.json_of("history", self.run_dir().name, "--compare", "energy")[0]["energy"], 5.25)
        self.assertTrue((self.directory / "out.h5").exists())

    def test_a_dataset_that_can_not_be_read_is_told_of(self):
        self.write("w.yaml", self.dataset_file("{energy: {hdf5: {dataset: /gone, output: out}}}",
                                               ["f['text'] = 'x'"]))
        self.fugle("run", "w.yaml")
        self.assertIn("metric 'energy' was not found in dataset '/gone' of its output", self.fugle("why", "a").stdout)
        for output in ("echo no HDF5 >", "head -c 3000 /dev/urandom >"):
            self.write("bad.yaml", f"""
version: 1
name: bad
tasks:
  a:
    outputs: {{out: bad.h5}}
    run: '{output} ${{{{ outputs.out }}}}'
    metrics: {{energy: {{hdf5: /e, reference: 1}}}}
""")
            self.assertIn("metric 'energy' was not found in dataset '/e'", self.fugle("run", "bad.yaml", expect=1).stderr)

    def test_which_output_has_the_dataset_must_be_clear(self):
        text = """
version: 1
name: w
tasks:
  a:
    outputs: {x: x.h5, y: y.h5}
    run: "true"
    metrics: {e: {hdf5: HDF5}}
"""
        for hdf5, problem in (("/e", "E105: metric 'e' of 'a' does not say which output its dataset is in"),
                              ("{dataset: /e, output: z}", "E402: task a has no output 'z'; has: x, y"),
                              ("/e, regex: '(x)'", "E113: 'regex' and 'hdf5' exclude each other"),
                              ("{output: x}", "E105: metric 'e' of 'a' has neither regex nor hdf5"),
                              ("{dataset: /e, file: x}", "E103")):
            self.write("w.yaml", text.replace("HDF5", hdf5))
            self.assertIn(problem, self.fugle("validate", "w.yaml", expect=2).stderr)
        self.write("w.yaml", text.replace("HDF5", "{dataset: /e, output: y}"))
        self.fugle("validate", "w.yaml")

    def test_a_metric_that_is_not_found_is_remarked_upon(self):
        self.write("gone.yaml", """
version: 1
name: gone
tasks:
  a: {run: echo hello, metrics: {speed: {regex: 'speed ([0-9]+)'}}}
""")
        self.fugle("run", "gone.yaml")
        self.assertIn("metric 'speed' was not found in its output", self.fugle("why", "a").stdout)

    def test_values_survive_a_kill_and_a_resume(self):
        self.write("life.yaml", """
version: 1
name: life
tasks:
  a:
    matrix: {i: "1..6"}
    run: |
      echo value ${{ matrix.i }}
      if [ $FUGLE_MATRIX_i -gt 3 ]; then for n in $(seq 1200); do test -e go && exit 0; sleep 0.05; done; exit 1; fi
    metrics: {value: {regex: 'value ([0-9]+)'}}
report: {rows: matrix.i, columns: [median(value)]}
""")
        process = self.start("run", "life.yaml", "-j", "3")
        poll(lambda: list(self.directory.glob(".fugle/*/run.json")) and self.status()["counts"]["ok"] == 3, 60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.write("go", "")
        done = self.fugle("resume")
        self.assertEqual([line.split() for line in done.stdout.splitlines()[-6:]], [[str(i), str(i)] for i in range(1, 7)])


class Comparison(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("many.yaml", """
version: 1
name: many
tasks:
  step:
    matrix: {i: "1..4"}
    run: for n in $(seq 25); do echo "energy -$((FUGLE_MATRIX_i * 10)).$n walltime $((50 - FUGLE_MATRIX_i))"; done
    metrics:
      energy: {regex: 'energy (\\S+)', unit: Ha}
      walltime: {regex: 'walltime ([0-9]+)', unit: s}
""")
        self.fugle("run", "many.yaml")

    def elements(self, *args):
        return [row["element"] for row in self.json_of("history", *args)]

    def test_elements_are_sorted_by_a_metric(self):
        up = ["--compare", "energy,walltime", "--sort", "energy"]
        self.assertEqual(self.elements(*up), ["step[4]", "step[3]", "step[2]", "step[1]"])
        self.assertEqual(self.elements(*up, "--reverse"), ["step[1]", "step[2]", "step[3]", "step[4]"])
        text = self.fugle("history", *up).stdout.splitlines()
        self.assertEqual(text[0].split(), ["energy", "Ha", "walltime", "s", "att", "element"])
        self.assertEqual(text[1].split()[1:], ["46", "1", "step[4]"])
        rows = list(csv.DictReader(io.StringIO(self.fugle("history", *up, "--csv").stdout)))
        self.assertEqual(rows[0]["walltime"], "46")

    def test_runs_are_compared_too(self):
        first = self.run_dir().name
        self.fugle("run", "many.yaml")
        rows = self.json_of("history", "--compare", "energy,cputime")
        self.assertEqual(len(rows), 8)
        self.assertEqual(len({row["run"] for row in rows}), 2)
        self.assertTrue(all(row["cputime"] is not None for row in rows))
        self.assertEqual(len(self.json_of("history", first, "--compare", "energy")), 4)

    def test_a_name_that_no_run_knows_gets_a_suggestion(self):
        self.assertIn("did you mean 'energy'?", self.fugle("history", "--compare", "enrgy", expect=2).stderr)
        self.assertIn("only what is compared",
                      self.fugle("history", "--compare", "energy", "--sort", "time", expect=2).stderr)


class LargeComparison(FugleCase):
    def test_a_hundred_elements_of_a_thousand_points_are_one_file(self):
        self.write("points.yaml", """
version: 1
name: points
tasks:
  step:
    matrix: {i: "1..100"}
    run: [awk, -v, "i=${{ matrix.i }}", 'BEGIN {for (n = 0; n < 1000; ++n) print "energy " n - 500 - i " walltime " i}']
    metrics: {energy: {regex: 'energy (\\S+)'}, walltime: {regex: 'walltime ([0-9]+)'}}
""")
        self.fugle("run", "points.yaml")
        rows = self.json_of("history", "--compare", "energy,walltime", "--sort", "energy")
        self.assertEqual([row["element"] for row in rows], [f"step[{i}]" for i in range(100, 0, -1)])
        self.assertEqual([row["energy"] for row in rows], [-0.5 - i for i in range(100, 0, -1)])
        self.assertEqual([row["walltime"] for row in rows], list(range(100, 0, -1)))
        self.assertEqual(len([path for path in self.run_dir().iterdir() if "metrics" in path.name and
                              path.suffix == ".h5"]), 1)


class ScalingExample(FugleCase):
    """The example over real MPI ranks; its figures mean nothing here, what must hold everywhere does."""

    def setUp(self):
        super().setUp()
        self.programs = pathlib.Path(os.environ["FUGLE_PROGRAM"]).resolve().parent.parent / "examples/scaling"
        if not (self.programs / "poisson").exists() or shutil.which("mpirun") is None:
            print("SKIPPED: ScalingExample: the example or mpirun is not there", flush=True)
            raise unittest.SkipTest("no example")
        self.file = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]).resolve() / "examples/03_scaling/poisson.yaml"

    def sweep(self, **options):
        done = self.fugle("run", self.file, "-p", f"programs={self.programs}", "-p", "cells=64", "-p", "sweeps=50",
                          "-p", "repeats=1", "-j", "4", timeout=600, **options)
        table = self.json_of("report", "--table")
        self.assertEqual([row["point"]["ranks"] for row in table["rows"]], ["1", "2", "4"])
        self.assertEqual([row["with_values"] for row in table["rows"]], [1, 1, 1])
        self.assertEqual([round(row["values"]["speedup(change)"], 6) for row in table["rows"]], [1, 1, 1])
        self.assertIn("efficiency(sweep_time)", done.stdout)
        series = self.json_of("history", "--compare", "change,error")
        self.assertEqual(len(series), 3)

    def test_in_one_process(self):
        self.sweep()

    def test_under_mpirun(self):
        self.sweep(prefix=self.mpirun(4))


if __name__ == "__main__":
    main()
