"""How long elements took in earlier runs makes the plan of the next."""

from fugle_case import FugleCase, main

# By name and by number the long one comes last; only who knows its length starts it first.
LATE = """
version: 1
name: late
tasks:
  short: {matrix: {i: "1..6"}, run: sleep 0.1}
  zlong: {run: sleep 0.7}
"""


class Learned(FugleCase):
    def started(self):
        return [a["element"] for a in sorted(self.attempts(), key=lambda a: a["start_ns"])]

    def test_the_second_run_starts_what_was_long_in_the_first(self):
        self.write("w.yaml", LATE)
        self.assertIn("estimates: 7 unknown", self.fugle("plan", "w.yaml", "-j2").stdout)
        self.fugle("run", "w.yaml", "-j2")
        self.assertEqual(self.started()[-1], "zlong")
        self.assertIn("estimates: 7 learned from 1 run\n", self.fugle("plan", "w.yaml", "-j2").stdout)
        self.fugle("run", "w.yaml", "-j2")
        self.assertIn("zlong", self.started()[:2])
        self.assertIn("estimates: 7 learned from 2 runs\n", self.fugle("plan", "w.yaml", "-j2").stdout)

    def test_the_file_knows_better_and_other_workflows_know_nothing(self):
        self.write("w.yaml", LATE)
        self.fugle("run", "w.yaml", "-j4")
        self.write("e.yaml", LATE.replace("{run: sleep 0.7}", "{estimate: 5s, run: sleep 0.7}"))
        plan = self.json_of("plan", "e.yaml", "-j2")
        self.assertEqual(plan["estimates"], {"from_file": 1, "learned": 6, "runs": 1, "unknown": 0})
        self.assertEqual({e["id"]: e["estimate_s"] for e in plan["elements"]}["zlong"], 5)
        self.write("o.yaml", LATE.replace("name: late", "name: later"))
        self.assertEqual(self.json_of("plan", "o.yaml")["estimates"]["unknown"], 7)

    def test_only_what_ended_well_counts(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "sleep 0.2; false"}, b: {run: sleep 0.3}}\n')
        self.fugle("run", "w.yaml", expect=1)
        plan = self.json_of("plan", "w.yaml")
        self.assertEqual((plan["estimates"]["learned"], plan["estimates"]["unknown"]), (1, 1))

    def test_a_damaged_run_is_no_reason_to_fail(self):
        self.write("w.yaml", LATE)
        self.fugle("run", "w.yaml", "-j4")
        (self.run_dir() / "plan.0.h5").write_bytes(b"no HDF5")
        done = self.fugle("run", "w.yaml", "-j4")
        self.assertIn("is not readable", done.stderr)
        self.assertEqual(self.fugle("plan", "w.yaml").returncode, 0)

    def test_lines_of_another_file_teach_nothing(self):
        self.write("a.txt", "sleep 0.1\nsleep 0.2\n")
        self.write("b.txt", "sleep 0.1\nsleep 0.2\n")
        self.fugle("run", "--lines", "a.txt")
        self.assertEqual(self.json_of("plan", "--lines", "a.txt")["estimates"]["learned"], 2)
        self.assertEqual(self.json_of("plan", "--lines", "b.txt")["estimates"]["learned"], 0)


if __name__ == "__main__":
    main()
