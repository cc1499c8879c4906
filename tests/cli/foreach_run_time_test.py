"""`foreach` over lists that are known only while the run goes on: split, work, merge; empty and wrong lists; resume."""
import os
import signal
import unittest

from fugle_case import FugleCase, main, poll

SPLIT = """
version: 1
name: split
tasks:
  split:
    outputs: {parts: {type: list, from: parts.txt}}
    run: cp names.txt parts.txt
  work:
    foreach: ${{ tasks.split.outputs.parts }}
    outputs: {deeper: {type: list}}
    run: |
      printf 'deeper<<END\\n%s\\n%s\\nEND\\n' "${{ item }}x" "${{ item }}y" >> "$FUGLE_OUTPUT"
  leaf:
    foreach: ${{ tasks.work.outputs.deeper }}
    outputs: {o: "out/${{ item }}.txt"}
    run: echo "${{ item }}" > ${{ outputs.o }}
  merge:
    inputs: {all: "${{ tasks.leaf.outputs.o }}"}
    run: cat ${{ inputs.all }} > merged.txt
"""


class ForeachRunTimeTest(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", SPLIT)
        (self.directory / "out").mkdir()

    def state_of(self, element):
        return self.json_of("why", element)["state"]

    def test_split_split_merge(self):
        names = [f"n{i:02}" for i in range(50)]
        self.write("names.txt", "\n".join(names) + "\n")
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.read("merged.txt").split(), [name + end for name in names for end in "xy"])

    def test_an_empty_list_skips_the_task_and_who_uses_it(self):
        self.write("names.txt", "")
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.state_of("work"), "SKIPPED")
        self.assertIn("list is empty", self.json_of("why", "work")["reason"])
        self.assertEqual(self.state_of("leaf"), "SKIPPED")
        self.assertEqual(self.state_of("merge"), "SKIPPED")

    def test_a_wrong_list_fails_its_task(self):
        self.write("names.txt", "a\na\n")
        self.fugle("run", "w.yaml", "--local", expect=1)
        self.assertEqual(self.state_of("work"), "FAILED")
        self.assertIn("element 'work[a]' appears twice", self.json_of("why", "work")["reason"])
        self.assertEqual(self.state_of("merge"), "BLOCKED")

    def test_a_resume_goes_on_expanding_by_the_kept_file(self):
        self.write("w.yaml", SPLIT.replace("      printf 'deeper", "      [ ! -e gate ] || [ ${{ item }} != b ] || exec sleep 1000\n      printf 'deeper"))
        self.write("names.txt", "a\nb\n")
        self.write("gate", "")
        run = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.fugle("why", "work[b]", "--json", expect=None).returncode == 0
             and self.state_of("work[b]") == "RUNNING", what="the second list")
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        (self.directory / "gate").unlink()
        self.write("names.txt", "other\n")
        self.write("w.yaml", "version: 1\nname: other\ntasks: {a: {run: x}}\n")
        self.fugle("resume", "--accept")
        self.assertEqual(self.read("merged.txt").split(), ["ax", "ay", "bx", "by"])
        self.assertEqual(self.state_of("work[a]"), "OK")


if __name__ == "__main__":
    main()
