"""--select: some elements of a file, or of a run that goes on."""

import json

from fugle_case import FugleCase, main

# make -> solve[1..3] -> merge; other stands alone; bye is of finally.
FILE = """version: 1
name: pick
tasks:
  make: {run: "echo make >> ran"}
  solve:
    matrix: {i: "1..3"}
    needs: [make]
    tags: [slow]
    run: "echo solve${{ matrix.i }} $FUGLE_INDEX >> ran; test ! -e bad.${{ matrix.i }}"
  merge: {needs: [solve], run: "echo merge >> ran"}
  other: {run: "echo other >> ran; test ! -e bad.other"}
finally:
  bye: {run: "echo bye >> ran"}
"""


class Select(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", FILE)

    def ran(self):
        """What has run since the last call, in the order of the alphabet."""
        path = self.directory / "ran"
        lines = sorted(path.read_text().splitlines()) if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def run_some(self, *patterns, verb=("run", "w.yaml"), expect=0, **options):
        words = [word for pattern in patterns for word in ("--select", pattern)]
        where = () if "prefix" in options else ("--local",)
        return self.fugle(*verb, *where, *words, expect=expect, **options)

    def test_one_point_runs_with_what_it_needs(self):
        done = self.run_some("solve[2]")
        self.assertEqual(self.ran(), ["make", "solve2 1"])
        self.assertIn("fugle: selected 1 of 7 elements, and 1 that they need (solve[2])", done.stderr)
        status = self.status()
        self.assertEqual((status["state"], status["counts"]["ok"]), ("INCOMPLETE", 2))
        self.assertIn("4 elements were not selected", status["reason"])

    def test_patterns_tags_and_what_needs_them(self):
        self.run_some("solve[*],other")
        self.assertEqual(self.ran(), ["make", "other", "solve1 0", "solve2 1", "solve3 2"])
        self.run_some("tag:slow")
        self.assertEqual(self.ran(), ["make", "solve1 0", "solve2 1", "solve3 2"])
        self.run_some("solve[3]+")
        self.assertEqual(self.ran(), ["make", "merge", "solve1 0", "solve2 1", "solve3 2"])

    def test_all_of_it_is_an_ordinary_run(self):
        self.run_some("*")
        self.assertIn("bye", self.ran())
        self.assertEqual(self.status()["state"], "OK")

    def test_a_resume_goes_on_with_some_and_then_with_all(self):
        self.write("bad.2", "")
        self.write("bad.other", "")
        self.fugle("run", "w.yaml", "--local", expect=1)
        self.ran()
        (self.directory / "bad.2").unlink()
        (self.directory / "bad.other").unlink()
        resume = ("resume",)
        self.run_some("solve[2]", verb=resume)
        self.assertEqual(self.ran(), ["solve2 1"], "what is done does not run again, what was not asked for does not run")
        self.assertEqual(self.status()["counts"]["ok"], 4)
        self.run_some(verb=resume)
        self.assertEqual(self.ran(), ["bye", "merge", "other"])
        self.assertEqual(self.status()["state"], "OK")

    def test_what_fails_of_the_selection_is_exit_code_1(self):
        self.write("bad.3", "")
        self.run_some("solve[3]", expect=1)
        self.run_some("solve[3]", verb=("resume",), expect=1)
        self.run_some("solve[1]", verb=("resume",))

    def test_over_ranks_it_is_the_same(self):
        self.run_some("solve[1]", prefix=self.mpirun(3), verb=("run", "w.yaml", "-j1"))
        self.assertEqual(self.ran(), ["make", "solve1 0"])
        self.fugle("run", "w.yaml", "-n", "2", "-j1", "--select", "other")
        self.assertEqual(self.ran(), ["other"])
        self.fugle("resume", "-n", "2", "-j1")
        self.assertEqual(self.ran(), ["bye", "make", "merge", "solve1 0", "solve2 1", "solve3 2"])

    def test_what_is_not_selected_may_not_fit(self):
        self.write("w.yaml", FILE.replace("other: {", "other: {resources: {gpus: 99}, "))
        self.assertIn("E302", self.fugle("run", "w.yaml", "--local", expect=2).stderr)
        self.run_some("merge")

    def test_a_pattern_without_a_match_starts_nothing(self):
        self.assertIn("--select 'slove[1]' matches no element; did you mean 'solve'?",
                      self.run_some("slove[1]", expect=2).stderr)
        self.assertIn("matches no element", self.fugle("run", "w.yaml", "-n2", "--select", "x", expect=2).stderr)
        self.assertEqual(list(self.directory.glob(".fugle/*/run.json")), [])
        self.run_some("make")
        self.assertIn("matches no element", self.run_some("x", verb=("resume",), expect=2).stderr)

    def test_why_says_that_it_was_not_selected(self):
        self.run_some("make")
        self.assertIn("not selected", self.fugle("why", "other").stdout)
        self.assertEqual(json.loads((self.run_dir() / "run.json").read_text())["select"], ["make"])


if __name__ == "__main__":
    main()
