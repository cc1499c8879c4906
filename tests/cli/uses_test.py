"""`uses`: workflow files in the place of tasks, nested; what they are given and what they give; resume."""
import os
import signal
import unittest

from fugle_case import FugleCase, main, poll

SEASON = """
version: 1
name: season
params: {years: {type: list, default: [y1, y2]}}
env: {SEEN: outer}
tasks:
  start: {outputs: {o: start.txt}, run: "echo start > ${{ outputs.o }}"}
  year:
    uses: lib/year.yaml
    matrix: {y: "${{ params.years }}"}
    with: {name: "${{ matrix.y }}", from: "${{ tasks.start.outputs.o }}"}
  merge: {run: "cat ${{ q(tasks.year.outputs.sum) }} > merged.txt"}
"""
YEAR = """
version: 1
name: year
params: {name: {type: string}, from: {type: path}}
tasks:
  month:
    uses: month.yaml
    foreach: [1, 2]
    with: {file: "${{ params.name }}-${{ item }}", from: "${{ params.from }}"}
  sum:
    outputs: {s: "sum-${{ params.name }}.txt"}
    run: cat ${{ q(tasks.month.outputs.file) }} > ${{ outputs.s }}
outputs: {sum: "${{ tasks.sum.outputs.s }}"}
"""
MONTH = """
version: 1
name: month
params: {file: {type: string}, from: {type: path}}
env: {OWN: inner}
tasks:
  make:
    outputs: {o: "${{ params.file }}.txt"}
    run: |
      [ ! -e gate ] || [ "$FUGLE_PARAM_file" != y2-1 ] || exec sleep 1000
      echo "$FUGLE_PARAM_file $SEEN $OWN $(cat "$FUGLE_PARAM_from") ${FUGLE_PARAM_years:-}" > ${{ outputs.o }}
outputs: {file: "${{ tasks.make.outputs.o }}"}
"""
IDS = ["start", "year[y1]/month[1]/make", "year[y1]/month[2]/make", "year[y1]/sum", "year[y2]/month[1]/make",
       "year[y2]/month[2]/make", "year[y2]/sum", "merge"]
MERGED = "".join(f"y{y}-{m} outer inner start \n" for y in (1, 2) for m in (1, 2))


class UsesTest(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", SEASON)
        self.write("lib/year.yaml", YEAR)
        self.write("lib/month.yaml", MONTH)

    def ids(self, *args):
        return [element["id"] for element in self.json_of("plan", *args)["elements"]]

    def state_of(self, element):
        return self.json_of("why", element)["state"]

    def test_three_levels(self):
        self.fugle("validate", "w.yaml", "--strict")
        self.assertEqual(sorted(self.ids("w.yaml")), sorted(IDS))
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.read("merged.txt"), MERGED)

    def test_params_are_those_of_the_first_file(self):
        self.fugle("run", "w.yaml", "--local", "-p", "years=y7")
        self.assertEqual(self.read("merged.txt").split("\n")[0], "y7-1 outer inner start ")
        done = self.fugle("validate", "w.yaml", "-p", "name=x", expect=2)
        self.assertIn("unknown param 'name'", done.stderr)

    def test_select_takes_a_file_or_one_of_its_tasks(self):
        self.fugle("run", "w.yaml", "--local", "--select", "year[y1]/month[2]/make", expect=None)
        self.assertTrue((self.directory / "y1-2.txt").exists())
        self.assertFalse((self.directory / "y1-1.txt").exists())
        self.fugle("run", "w.yaml", "--local", "--select", "year[y2]/*", expect=None)

    def test_eight_files_deep_and_no_deeper(self):
        for i in range(9):
            self.write(f"f{i}.yaml", f"version: 1\nname: f\ntasks:\n  t: {{uses: f{i + 1}.yaml}}\n")
        self.write("f9.yaml", "version: 1\nname: f\ntasks:\n  end: {run: 'echo $FUGLE_ELEMENT > id.txt'}\n")
        done = self.fugle("validate", "f0.yaml", expect=2)
        self.assertIn("f8.yaml:4:13: error E108: 'uses' is nested deeper than 8", done.stderr)
        self.fugle("run", "f1.yaml", "--local")
        self.assertEqual(self.read("id.txt"), "t/" * 8 + "end\n")

    def test_a_resume_goes_on_by_the_files_as_they_were(self):
        self.write("gate", "")
        run = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        stuck = "year[y2]/month[1]/make"
        poll(lambda: self.fugle("why", stuck, "--json", expect=None).returncode == 0 and self.state_of(stuck) == "RUNNING"
             and self.state_of("year[y1]/sum") == "OK", what="the first year")
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        (self.directory / "gate").unlink()
        self.write("lib/month.yaml", "version: 1\nname: other\ntasks: {a: {run: x}}\n")
        self.fugle("resume", "--accept")
        self.assertEqual(self.read("merged.txt"), MERGED)

    def test_a_failure_in_a_file_blocks_those_that_need_it(self):
        self.write("lib/month.yaml", MONTH.replace("      echo", "      [ $FUGLE_PARAM_file != y1-2 ] || exit 3\n      echo"))
        self.fugle("run", "w.yaml", "--local", expect=1)
        self.assertEqual(self.state_of("year[y1]/month[2]/make"), "FAILED")
        self.assertEqual(self.state_of("year[y1]/sum"), "BLOCKED")
        self.assertEqual(self.state_of("year[y2]/sum"), "OK")
        self.assertEqual(self.state_of("merge"), "BLOCKED")

    def test_conditions_about_a_file_as_a_whole(self):
        self.write("part.yaml", "version: 1\nname: part\nparams: {code: {type: int}}\ntasks:\n"
                                "  a: {run: 'exit ${{ params.code }}'}\n  b: {run: 'true'}\n")
        self.write("w.yaml", """
version: 1
name: w
tasks:
  bad: {uses: part.yaml, with: {code: 1}}
  good: {uses: part.yaml, with: {code: 0}}
  skipped: {uses: part.yaml, with: {code: 0}, when: "tasks.bad.status == 'OK'"}
  after_bad: {needs: {bad: failed}, run: 'true'}
  after_good: {needs: {good: failed}, run: 'true'}
  done: {needs: {bad: done, skipped: done}, run: "echo ${{ tasks.bad.status }} ${{ tasks.good.status }} ${{ tasks.skipped.status }} > said.txt"}
  inner: {uses: part.yaml, needs: {good: failed}, with: {code: 0}}
""")
        self.fugle("run", "w.yaml", "--local", expect=1)
        states = {name: self.state_of(name) for name in ("after_bad", "after_good", "done", "skipped/a", "inner/b")}
        self.assertEqual(states, {"after_bad": "OK", "after_good": "SKIPPED", "done": "OK", "skipped/a": "SKIPPED",
                                  "inner/b": "SKIPPED"})
        self.assertEqual(self.read("said.txt"), "FAILED OK SKIPPED\n")


if __name__ == "__main__":
    main()
