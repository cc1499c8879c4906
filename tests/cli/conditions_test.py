"""The truth table of `needs` (FORMAT section 8): what goes on to those that need a task, row by row, and `join`."""
import unittest

from fugle_case import FugleCase, main

# How a task above can end, as tasks of their own.
ABOVE = """
  good: {run: "true", outputs: {v: {type: list, from: good.txt}}}
  bad: {run: exit 3, outputs: {v: {type: value}}}
  skipped: {when: params.never, run: "true", outputs: {v: {type: value}}}
  blocked: {needs: [bad], run: "true", outputs: {v: {type: value}}}
"""

# condition: what becomes of the task below when the one above ends so.
TABLE = {
    "ok": {"good": "OK", "bad": "BLOCKED", "skipped": "OK", "blocked": "BLOCKED"},
    "failed": {"good": "SKIPPED", "bad": "OK", "skipped": "SKIPPED", "blocked": "SKIPPED"},
    "done": {"good": "OK", "bad": "OK", "skipped": "OK", "blocked": "OK"},
    "started": {"good": "OK", "bad": "OK", "skipped": "SKIPPED", "blocked": "BLOCKED"},
    "each": {"good": "OK", "bad": "BLOCKED", "skipped": "OK", "blocked": "BLOCKED"},
}

JOINS = {
    ("all", "good", "skipped"): "OK",
    ("all", "good", "bad"): "BLOCKED",
    ("any", "good", "bad"): "OK",
    ("any", "bad", "blocked"): "BLOCKED",
    ("any", "bad", "skipped"): "OK",
}


class ConditionsTest(FugleCase):
    def run_tasks(self, tasks, expect=1):
        self.write("good.txt", "")
        self.write("w.yaml", "version: 1\nname: w\nparams: {never: {type: bool, default: false}}\ntasks:" + tasks)
        self.fugle("run", "w.yaml", "--local", expect=expect)

    def state_of(self, element):
        return self.json_of("why", element)["state"]

    def test_each_cell_of_the_table(self):
        above = ABOVE.replace('good: {run: "true"', 'good: {run: "echo x > good.txt"')
        below = "".join(f"  {condition}_{end}: {{needs: {{{end}: {condition}}}, run: \"true\"}}\n"
                        for condition, row in TABLE.items() for end in row)
        self.run_tasks(above + below)
        for condition, row in TABLE.items():
            for end, state in row.items():
                with self.subTest(condition=condition, above=end):
                    self.assertEqual(self.state_of(f"{condition}_{end}"), state)

    def test_who_uses_an_output_of_what_was_skipped_is_skipped(self):
        self.run_tasks(ABOVE.replace('good: {run: "true"', 'good: {run: "echo x > good.txt"') + """
  hard: {run: [echo, "${{ tasks.skipped.outputs.v }}"]}
  soft: {run: "echo ${{ default(tasks.skipped.outputs.v, 7) }} > soft.txt"}
""")
        self.assertEqual(self.state_of("hard"), "SKIPPED")
        self.assertEqual(self.state_of("soft"), "OK")
        self.assertEqual(self.read("soft.txt"), "7\n")

    def test_a_plan_is_for_a_run_in_which_nothing_fails(self):
        self.write("w.yaml", """
version: 1
name: w
tasks:
  a: {run: "true", estimate: 10s}
  rescue: {needs: {a: failed}, run: "true", estimate: 1h}
  after: {needs: {a: done}, run: "true", estimate: 5s}
""")
        self.assertEqual(self.json_of("plan", "w.yaml")["makespan_s"], 15)

    def test_joins(self):
        above = ABOVE.replace('good: {run: "true"', 'good: {run: "echo x > good.txt"')
        below = "".join(f"  {join}_{a}_{b}: {{needs: [{a}, {b}], join: {join}, run: \"true\"}}\n" for join, a, b in JOINS)
        self.run_tasks(above + below)
        for (join, a, b), state in JOINS.items():
            with self.subTest(join=join, above=(a, b)):
                self.assertEqual(self.state_of(f"{join}_{a}_{b}"), state)

    def test_a_handler_is_a_catch(self):
        self.run_tasks("""
  a: {run: exit 9, on_failure: {policy: ignore, run: catch}}
  catch: {run: "echo $FUGLE_FAILED_TASK $FUGLE_FAILED_CLASS $FUGLE_FAILED_EXIT > caught.txt"}
  after: {needs: [a, catch], run: "true"}
  b: {run: "true", on_failure: {run: unused}}
  unused: {run: "true"}
""", expect=0)
        self.assertEqual(self.read("caught.txt"), "a error 9\n")
        self.assertEqual(self.state_of("after"), "OK")
        self.assertEqual(self.state_of("unused"), "SKIPPED")
        self.assertIn("no failure", self.json_of("why", "unused")["reason"])

    def test_a_handler_runs_though_its_task_ends_the_run(self):
        self.run_tasks("""
  a: {run: exit 1, on_failure: {policy: drain, run: diagnose}}
  diagnose: {run: "echo $FUGLE_FAILED_TASK > diagnosed.txt"}
""")
        self.assertEqual(self.read("diagnosed.txt"), "a\n")


if __name__ == "__main__":
    main()
