"""`when`: a diamond with if and else, by values, states and exit codes."""
import unittest

from fugle_case import FugleCase, main

DIAMOND = """
version: 1
name: diamond
params: {limit: 5}
tasks:
  top:
    outputs: {spread: {type: value}}
    run: echo "spread=$(cat spread.txt)" >> "$FUGLE_OUTPUT"
  low:  {when: tasks.top.outputs.spread < params.limit, run: "echo low ${{ tasks.top.outputs.spread }} > branch.txt"}
  high: {when: tasks.top.outputs.spread >= params.limit, run: "echo high ${{ tasks.top.outputs.spread }} > branch.txt"}
  end:
    needs: [low, high]
    run: echo "${{ tasks.low.status }} ${{ tasks.high.status }} $(cat branch.txt)" > end.txt
"""


class WhenTest(FugleCase):
    def test_one_branch_of_a_diamond_is_taken(self):
        for spread, said in (("2", "OK SKIPPED low 2\n"), ("8.5", "SKIPPED OK high 8.5\n")):
            with self.subTest(spread=spread):
                self.write("w.yaml", DIAMOND)
                self.write("spread.txt", spread)
                self.fugle("run", "w.yaml", "--local")
                self.assertEqual(self.read("end.txt"), said)

    def test_what_is_skipped_says_why(self):
        self.write("w.yaml", DIAMOND)
        self.write("spread.txt", "2")
        self.fugle("run", "w.yaml", "--local")
        why = self.json_of("why", "high")
        self.assertEqual(why["state"], "SKIPPED")
        self.assertIn("tasks.top.outputs.spread >= params.limit is false", why["reason"])

    def test_a_condition_that_is_none_fails_its_task(self):
        self.write("w.yaml", DIAMOND)
        self.write("spread.txt", "wide")
        self.fugle("run", "w.yaml", "--local", expect=1)
        why = self.json_of("why", "low")
        self.assertEqual(why["state"], "FAILED")
        self.assertIn("E403", why["reason"])

    def test_an_always_false_one_is_a_warning(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks: {a: {when: false, run: x}}\n")
        self.assertIn("warning W02: 'when' of 'a' is always false", self.fugle("validate", "w.yaml").stderr)


if __name__ == "__main__":
    main()
