"""test: a workflow with stubs instead of its commands, and whether it ends as expected."""

import json
import os
import pathlib

from fugle_case import FugleCase, main

SCIENCE = """
version: 1
name: science
params: {members: {type: int, default: 3}, code: {type: path, description: where the programs are}}
secrets: [FUGLE_TEST_TOKEN]
defaults: {modules: [no-such-module/1.0]}
tasks:
  mesh:
    inputs: {domain: config/domain.nml}
    outputs: {mesh: work/mesh.h5}
    secrets: [FUGLE_TEST_TOKEN]
    run: no-such-mesher ${{ inputs.domain }} ${{ outputs.mesh }}
  list:
    inputs: {mesh: "${{ tasks.mesh.outputs.mesh }}"}
    outputs: {names: {type: list, from: work/names.txt}, spread: {type: value}}
    run: no-such-lister
    stub: |
      printf 'a\\nb\\nc\\n' > work/names.txt
      echo spread=0.5 >> "$FUGLE_OUTPUT"
  solve:
    foreach: ${{ tasks.list.outputs.names }}
    inputs: {mesh: "${{ tasks.mesh.outputs.mesh }}"}
    outputs: {field: "work/${{ item }}.h5"}
    resources: {nodes: 4, ranks_per_node: 64, mem: 200G}
    retries: {max: 2, delay: 10m}
    run: [no-such-solver, "${{ inputs.mesh }}"]
  mean:
    when: tasks.list.outputs.spread < 1
    inputs: {fields: "${{ tasks.solve.outputs.field }}"}
    outputs: {mean: product/mean.h5}
    container: no-such-image.sif
    run: no-such-mean
  rescue: {run: no-such-rescue}
  risky: {on_failure: {policy: ignore, run: rescue}, run: no-such-risk}
"""

EXPECT = """
params: {code: /opt/code}
state: OK
tasks:
  solve: {state: OK, elements: 3}
  "solve[b]": OK
  mean: OK
  rescue: SKIPPED
files: [work/mesh.h5, product/mean.h5]
"""


class Stubs(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("s.yaml", SCIENCE)
        self.write("s.expect", EXPECT)

    def test_nothing_of_what_the_programs_need_is_needed(self):
        said = self.fugle("test", "s.yaml").stdout
        self.assertIn("as expected", said)
        self.assertEqual({p.name for p in self.directory.iterdir()}, {"s.yaml", "s.expect"},
                         "something was left behind")

    def test_each_difference_is_told_at_its_place(self):
        self.write("s.expect", EXPECT.replace("elements: 3", "elements: 4").replace("rescue: SKIPPED", "rescue: OK")
                   .replace("product/mean.h5", "product/none.h5"))
        done = self.fugle("test", "s.yaml", expect=1)
        self.assertIn("s.expect:5:3: solve has 3 elements, expected 4", done.stdout)
        self.assertIn("s.expect:8:3: rescue is SKIPPED, expected OK", done.stdout)
        self.assertIn("product/none.h5", done.stdout)
        self.assertIn("3 differences", done.stdout)

    def test_a_stub_that_fails_is_seen_without_waiting_for_retries(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  a: {run: 'true', stub: exit 3, "
                             "retries: {max: 2, delay: 10m}}\n  b: {needs: [a], run: 'true'}\n")
        self.assertIn("the run is FAILED, expected OK", self.fugle("test", "w.yaml", expect=1).stdout)
        self.write("w.expect", "state: FAILED\ntasks: {a: FAILED, b: BLOCKED}\n")
        self.fugle("test", "w.yaml")

    def test_json(self):
        said = json.loads(self.fugle("test", "s.yaml", "--json").stdout)
        self.assertEqual((said["is_as_expected"], said["state"], said["mismatches"]), (True, "OK", []))

    def test_parameters_of_the_command_line_stand_above(self):
        self.write("s.expect", EXPECT.replace("code: /opt/code", "code: /opt/code, members: x"))
        self.fugle("test", "s.yaml", expect=2)
        self.fugle("test", "s.yaml", "-p", "members=5")

    def test_inputs_that_are_there_are_seen_and_lists_of_files_too(self):
        self.write("data/one.txt", "1\n")
        self.write("data/two.txt", "2\n")
        self.write("w.yaml", """
version: 1
name: w
tasks:
  each:
    foreach: data/*.txt
    inputs: {i: "${{ item }}"}
    outputs: {o: "${{ item }}.out"}
    run: "false"
    stub: cat ${{ inputs.i }} > ${{ outputs.o }}
  all: {inputs: {o: "${{ tasks.each.outputs.o }}"}, run: "true", stub: "xargs cat < ${{ inputs.o.list_file }} | wc -l | grep -qx 2"}
""")
        self.write("w.expect", "tasks: {each: {elements: 2}}\n")
        self.fugle("test", "w.yaml")
        self.assertFalse((self.directory / "data/one.txt.out").exists())

    def test_a_service_is_ready_at_once(self):
        self.write("w.yaml", """
version: 1
name: w
tasks:
  db: {service: {ready: no-such-probe}, run: no-such-server}
  use: {needs: [db], run: no-such-client}
""")
        self.fugle("test", "w.yaml")

    def test_examples_pass_without_their_programs(self):
        examples = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "examples"
        expected = sorted(examples.glob("*/*.expect"))
        self.assertTrue(expected)
        for expect in expected:
            with self.subTest(expect.name):
                self.fugle("test", str(expect).replace(".expect", ".yaml"))

    def test_misuse(self):
        self.assertIn("no workflow file", self.fugle("test", expect=2).stderr)
        self.assertIn("E103", self.fugle("test", "s.yaml", "-p", "membres=1", expect=2).stderr)
        for text, said in (("tsaks: {}", "did you mean 'tasks'?"), ("state: FINE", "one of OK"), ("- a", "expects"),
                           ("tasks: {mean: {elements: many}}", "whole number")):
            self.write("s.expect", text + "\n")
            self.assertIn(said, self.fugle("test", "s.yaml", expect=2).stderr)
        self.write("s.expect", EXPECT + "  \n")
        self.write("other.yaml", EXPECT.replace("mean: OK", "meen: OK"))
        self.assertIn("did you mean 'mean'?", self.fugle("test", "s.yaml", "--expect", "other.yaml", expect=1).stdout)
        self.write("abs.yaml", "version: 1\nname: a\ntasks: {t: {run: 'true', outputs: {o: /tmp/never-made}}}\n")
        self.assertIn("relative", self.fugle("test", "abs.yaml", expect=2).stderr)


if __name__ == "__main__":
    main()
