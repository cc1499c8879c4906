"""CON-41, CON-42: what a failure means for its dependents, its task and its run."""

from fugle_case import FugleCase, main

ONE_DAG = """
version: 1
name: policies
tasks:
  first: {run: "true"}
  bad:
    needs: [first]
    on_failure: POLICY
    run: while [ ! -e long-runs ]; do sleep 0.01; done; exit 3
  after: {needs: [bad], run: "true"}
  long: {needs: [first], run: "touch long-runs; sleep 2"}
  later: {needs: [long], run: "true"}
"""

MANY = """
version: 1
name: many
tasks:
  sims: {matrix: {i: "1..1000"}, tolerate: TOLERANCE, run: "test $((FUGLE_INDEX % 20)) != 0"}
  mean: {needs: [sims], run: touch mean}
"""


class Policies(FugleCase):
    """One DAG, four runs."""

    def states_with(self, policy, expect):
        self.write("w.yaml", ONE_DAG.replace("POLICY", policy))
        done = self.fugle("run", "w.yaml", "-j2", expect=expect)
        states = {name: self.json_of("why", "policies", name)["state"]
                  for name in ("first", "bad", "after", "long", "later")}
        return states, done.stderr

    def test_skip_dependents_blocks_what_needs_it_and_all_else_goes_on(self):
        states, _ = self.states_with("skip_dependents", expect=1)
        self.assertEqual(states, {"first": "OK", "bad": "FAILED", "after": "BLOCKED", "long": "OK", "later": "OK"})

    def test_drain_starts_nothing_new_and_lets_end_what_runs(self):
        states, said = self.states_with("drain", expect=1)
        self.assertEqual(states, {"first": "OK", "bad": "FAILED", "after": "BLOCKED", "long": "OK", "later": "READY"})
        self.assertIn("bad failed (on_failure: drain)", said)
        self.assertIn("bad failed (on_failure: drain)", self.fugle("why", "policies", "later").stdout)
        # What was left over goes on with the next life, whatever made the first one stop.
        self.fugle("resume", expect=1)
        self.assertEqual(self.json_of("why", "policies", "bad")["state"], "FAILED")

    def test_stop_cancels_what_runs(self):
        states, said = self.states_with("stop", expect=1)
        self.assertEqual(states, {"first": "OK", "bad": "FAILED", "after": "BLOCKED", "long": "CANCELLED",
                                  "later": "CANCELLED"})
        self.assertIn("bad failed (on_failure: stop)", said)

    def test_ignore_counts_as_ok(self):
        states, said = self.states_with("ignore", expect=0)
        self.assertEqual(states, {"first": "OK", "bad": "FAILED", "after": "OK", "long": "OK", "later": "OK"})
        self.assertIn("failed 0  tolerated 0  ignored 1", said)

    def test_plan_prints_the_policy(self):
        self.write("w.yaml", ONE_DAG.replace("POLICY", "drain") + "limits: {max_failures: 5, max_infra_retries: 0}\n")
        shown = self.fugle("plan", "w.yaml").stdout
        self.assertIn("on_failure drain", shown)
        self.assertIn("limits: the run stops after 5 failed elements; an element is tried 0 times more", shown)
        plan = self.json_of("plan", "w.yaml")
        self.assertEqual(plan["limits"], {"max_failures": 5, "max_infra_retries": 0})
        self.assertEqual({e["id"]: e.get("on_failure") for e in plan["elements"]}["bad"], "drain")


class Tolerance(FugleCase):
    """A thousand elements, five in a hundred fail."""

    def run_with(self, tolerance, expect):
        self.write("w.yaml", MANY.replace("TOLERANCE", tolerance))
        return self.fugle("run", "w.yaml", "-j2", expect=expect).stderr

    def test_failures_within_it_are_counted_and_forgiven(self):
        said = self.run_with("10%", expect=0)
        self.assertIn("ok 951  cached 0  skipped 0  blocked 0  failed 0  tolerated 50  ignored 0  cancelled 0", said)
        self.assertTrue((self.directory / "mean").exists())
        status = self.status()
        self.assertEqual((status["state"], status["tolerated"], status["counts"]["failed"]), ("OK", 50, 50))
        self.assertIn("(tolerated: at most 100 of 1000 elements of sims fail; so far 50 failed)",
                      self.fugle("why", "many", "sims[1]").stdout)
        self.assertIn("nothing to do", self.fugle("resume").stdout)

    def test_failures_beyond_it_cancel_the_rest_of_the_task(self):
        self.run_with("1%", expect=1)
        status = self.status()
        counts = status["counts"]
        self.assertEqual((status["state"], status["tolerated"]), ("FAILED", 0))
        self.assertGreater(counts["failed"], 10)
        self.assertLess(counts["failed"], 50)
        self.assertGreater(counts["cancelled"], 0)
        self.assertEqual(sum(counts.values()), 1001)
        self.assertEqual(counts["waiting"] + counts["ready"] + counts["running"], 0)
        self.assertFalse((self.directory / "mean").exists())
        self.assertIn("sims[1] is FAILED", self.fugle("why", "many", "sims[1]").stdout)
        self.assertIn("cancelled with the rest of its task, which counts as OK if at most 10 of 1000",
                      self.fugle("why", "many", "sims[1000]").stdout)

    def test_a_number_is_a_number_of_elements(self):
        self.assertIn("tolerated 50", self.run_with("50", expect=0))

    def test_it_is_of_the_whole_task_also_where_elements_ask_for_different_things(self):
        self.write("w.yaml", """
version: 1
name: mixed
tasks:
  t: {matrix: {c: [1, 2], i: "1..4"}, tolerate: 2, resources: {cores: "${{ matrix.c }}"}, run: "test $FUGLE_MATRIX_i -gt 1"}
  u: {matrix: {c: [1, 2], i: "1..4"}, tolerate: 1, resources: {cores: "${{ matrix.c }}"}, run: "test $FUGLE_MATRIX_i -gt 1"}
""")
        self.fugle("run", "w.yaml", "-j2", expect=1)
        status = self.status()
        self.assertEqual(status["tolerated"], 2)
        self.assertEqual(status["counts"]["failed"], 4)


class Limits(FugleCase):
    def test_a_storm_of_failures_is_stopped(self):
        self.write("w.yaml", """
version: 1
name: storm
limits: {max_failures: 10}
tasks:
  t: {matrix: {i: "1..2000"}, run: "exit 1"}
""")
        said = self.fugle("run", "w.yaml", "-j2", expect=1).stderr
        self.assertIn("limits.max_failures is 10", said)
        counts = self.status()["counts"]
        self.assertGreaterEqual(counts["failed"], 10)
        self.assertLess(counts["failed"], 1000)
        self.assertEqual(self.status()["state"], "FAILED")


if __name__ == "__main__":
    main()
