"""Runs in one process: diamond and fan, edges from paths, values in the environment, staged outputs."""

import json
import os
import subprocess

from fugle_case import FugleCase, main

DIAMOND = """
version: 1
name: diamond
tasks:
  a: {run: "echo a > a.txt"}
  b: {needs: [a], run: "cat a.txt > b.txt; echo b >> b.txt"}
  c: {needs: [a], run: "cat a.txt > c.txt; echo c >> c.txt"}
  d: {needs: [b, c], run: "cat b.txt c.txt > d.txt"}
"""

DIAMOND_BY_PATHS = """
version: 1
name: diamond
tasks:
  d:
    inputs: {left: b.txt, right: c.txt}
    outputs: {all: d.txt}
    run: cat ${{ inputs.left }} ${{ inputs.right }} > ${{ outputs.all }}
  b: {inputs: {x: a.txt}, outputs: {y: b.txt}, run: "(cat $FUGLE_IN_x; echo b) > $FUGLE_OUT_y"}
  c: {inputs: {x: a.txt}, outputs: {y: c.txt}, run: "(cat $FUGLE_IN_x; echo c) > $FUGLE_OUT_y"}
  a: {outputs: {y: a.txt}, run: "echo a > ${{ outputs.y }}"}
"""

FAN = """
version: 1
name: fan
params: {width: 30}
tasks:
  split: {run: "mkdir parts"}
  part:
    needs: [split]
    matrix: {i: "1..${{ params.width }}"}
    outputs: {o: "parts/${{ matrix.i }}.txt"}
    run: echo $((FUGLE_MATRIX_i * FUGLE_MATRIX_i)) > $FUGLE_OUT_o
  merge:
    inputs: {parts: "${{ tasks.part.outputs.o }}"}
    outputs: {sum: sum.txt}
    run: xargs cat < $FUGLE_IN_parts | awk '{s += $1} END {print s}' > $FUGLE_OUT_sum
"""

class Run(FugleCase):
    def needs(self, file):
        plan = self.json_of("plan", file)
        return {element["id"]: sorted(element["needs"]) for element in plan["elements"]}

    def test_a_diamond_runs_in_order(self):
        self.write("diamond.yaml", DIAMOND)
        self.fugle("run", "diamond.yaml", "--local", "-j4")
        self.assertEqual(self.read("d.txt"), "a\nb\na\nc\n")
        ends = {a["element"]: (a["start_ns"], a["end_ns"]) for a in self.attempts()}
        for before, after in [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]:
            self.assertLessEqual(ends[before][1], ends[after][0], f"{after} started before the end of {before}")

    def test_equal_paths_make_the_same_edges_as_needs(self):
        """CON-08, CON-78: by tasks, by data, and mixed."""
        self.write("needs.yaml", DIAMOND)
        self.write("paths.yaml", DIAMOND_BY_PATHS)
        self.write("mixed.yaml", DIAMOND_BY_PATHS.replace("inputs: {x: a.txt}, outputs: {y: b.txt}",
                                                          "needs: [a], outputs: {y: b.txt}"))
        self.assertEqual(self.needs("paths.yaml"), self.needs("needs.yaml"))
        self.assertEqual(self.needs("mixed.yaml"), self.needs("needs.yaml"))
        self.fugle("run", "paths.yaml")
        self.assertEqual(self.read("d.txt"), "a\nb\na\nc\n")

    def test_json_is_the_same_workflow_as_yaml(self):
        yaml = self.write("diamond.yaml", DIAMOND)
        tasks = {"a": {"run": "echo a > a.txt"},
                 "b": {"needs": ["a"], "run": "cat a.txt > b.txt; echo b >> b.txt"},
                 "c": {"needs": ["a"], "run": "cat a.txt > c.txt; echo c >> c.txt"},
                 "d": {"needs": ["b", "c"], "run": "cat b.txt c.txt > d.txt"}}
        self.write("diamond.json", json.dumps({"version": 1, "name": "diamond", "tasks": tasks}))
        from_json = self.fugle("plan", "diamond.json", "--json").stdout
        self.assertEqual(from_json, self.fugle("plan", yaml, "--json").stdout)
        self.assertEqual(from_json, self.fugle("plan", "-", "--json", stdin=DIAMOND).stdout)

    def test_every_example_validates_and_plans(self):
        source = os.environ["FUGLE_SOURCE_DIR"]
        examples = [os.path.join(folder, file) for folder, _, files in os.walk(os.path.join(source, "examples"))
                    for file in files if file.endswith((".yaml", ".yml"))]
        self.assertTrue(examples)
        for example in examples:
            self.fugle("validate", "--strict", example)

    def test_a_fan_gathers_all_parts_and_takes_a_param(self):
        self.write("fan.yaml", FAN)
        self.fugle("run", "fan.yaml", "-p", "width=12")
        self.assertEqual(self.read("sum.txt"), "650\n")
        self.assertEqual(self.status()["counts"]["ok"], 14)
        self.assertEqual(self.json_of("history")[0]["params"], {"width": "12"})

    def test_hello_takes_four_lines_and_standard_input(self):
        hello = "version: 1\nname: hello\ntasks:\n  hi: {run: echo hello from $(hostname)}\n"
        self.fugle("run", "-", stdin=hello)
        self.assertTrue(self.fugle("logs", "hello", "hi").stdout.startswith("hello from "))

    def test_no_mpirun_is_needed_to_run_here(self):
        """And two runs of one file are two runs: nothing is registered."""
        self.write("diamond.yaml", DIAMOND)
        self.environment["PATH"] = self.path_without("mpirun")
        self.fugle("run", "diamond.yaml", "--local", "-j4")
        self.fugle("run", "diamond.yaml", "--local", "-j4")
        self.assertEqual([run["state"] for run in self.json_of("history")], ["OK", "OK"])

    def path_without(self, program):
        """A folder of links to the few programs the tasks use."""
        folder = self.directory / "bin"
        folder.mkdir()
        for wanted in ["bash", "sh", "cat", "env"]:
            where = subprocess.run(["which", wanted], capture_output=True, text=True, check=True).stdout.strip()
            (folder / wanted).symlink_to(where)
        self.assertFalse((folder / program).exists())
        return str(folder)


class Environment(FugleCase):
    def test_a_task_sees_who_it_is_and_what_it_was_given(self):
        self.write("in put.txt", "x")
        self.write("seen.yaml", """
version: 1
name: seen
params: {steps: 7}
env: {COLOUR: red, SHAPE: round}
tasks:
  look:
    matrix: {member: [m1, m2], t: "0..6..6"}
    env: {COLOUR: blue}
    inputs: {data-file: in put.txt}
    outputs: {env: "${{ matrix.member }}-${{ matrix.t }}.env"}
    resources: {cores: 2, mem: 64M}
    run: env > $FUGLE_OUT_env
""")
        self.environment["SHAPE"] = "square"
        self.environment["MINE"] = "kept"
        self.fugle("run", "seen.yaml", "-j2")
        seen = dict(line.split("=", 1) for line in self.read("m2-6.env").splitlines() if "=" in line)
        expected = {"FUGLE_RUN_ID": self.run_dir().name, "FUGLE_TASK": "look", "FUGLE_ELEMENT": "look[m2,6]",
                    "FUGLE_ATTEMPT": "1", "FUGLE_INDEX": "3", "FUGLE_MATRIX_member": "m2", "FUGLE_MATRIX_t": "6",
                    "FUGLE_PARAM_steps": "7", "FUGLE_CORES": "2", "COLOUR": "blue", "SHAPE": "round", "MINE": "kept"}
        self.assertEqual({name: seen.get(name) for name in expected}, expected)
        self.assertEqual(os.path.realpath(seen["FUGLE_RUN_DIR"]), os.path.realpath(self.run_dir()))
        self.assertTrue(seen["FUGLE_IN_data_file"].endswith("in put.txt"))
        self.assertIn("FUGLE_MEM", seen)

    def test_tasks_start_in_the_directory_of_the_command(self):
        self.write("where/here.yaml", "version: 1\nname: here\ntasks: {a: {run: pwd}}\n")
        self.fugle("run", "where/here.yaml")
        self.assertEqual(self.fugle("logs", "here", "a").stdout.strip(), os.path.realpath(self.directory))


class StagedOutputs(FugleCase):
    def test_a_failed_writer_leaves_nothing_at_the_final_path(self):
        self.write("half.yaml", """
version: 1
name: half
tasks:
  writer: {outputs: {o: out.txt}, run: "echo half > $FUGLE_OUT_o; exit 1"}
  reader: {inputs: {i: out.txt}, run: "cat $FUGLE_IN_i"}
""")
        self.fugle("run", "half.yaml", expect=1)
        self.assertFalse((self.directory / "out.txt").exists())
        self.assertEqual(self.states(), {"writer": "FAILED"})

    def test_a_missing_output_is_a_failure_that_names_the_file(self):
        self.write("none.yaml", 'version: 1\nname: none\ntasks: {w: {outputs: {o: out.txt}, run: "true"}}\n')
        done = self.fugle("run", "none.yaml", expect=1)
        self.assertEqual(self.attempts()[0]["class"], "output")
        self.assertIn("out.txt", done.stdout + done.stderr)

    def test_what_a_failed_attempt_wrote_itself_is_put_aside(self):
        self.write("own.yaml", 'version: 1\nname: own\ntasks: {w: {outputs: {o: out.txt}, run: "echo x > out.txt; '
                               'exit 1"}}\n')
        self.fugle("run", "own.yaml", expect=1)
        self.assertEqual(self.read("out.txt.failed-1"), "x\n")
        self.assertFalse((self.directory / "out.txt").exists())


if __name__ == "__main__":
    main()
