"""What a stranger gets wrong: words, options, files. Exit code 2, advice, and nothing started."""

import json

from fugle_case import FugleCase, main

GOOD = 'version: 1\nname: good\ntasks:\n  a: {run: "true"}\n  build: {needs: [a], run: "true"}\n'

RING = """version: 1
name: ring
tasks:
  a: {needs: [b], run: "true"}
  b: {needs: [c], run: "true"}
  c: {needs: [a], run: "true"}
"""

TYPOS = """version: 1
name: my run
tasks:
  wrf:
    run: wrf.exe
    retires: 2
    timeout: 180
    resources: {cores: 2.5, mem: 220000}
  post:
    depends: [wrf]
    needs: [wrv]
    run: post.exe
  post:
    run: "true"
  none: {description: nothing}
"""


class WrongWords(FugleCase):
    def refused(self, *args, says, expect=2, **more):
        done = self.fugle(*args, expect=expect, **more)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertFalse((self.directory / ".fugle").exists(), "something was started")
        return done

    def test_misspelt_verbs_and_options_get_the_nearest_word(self):
        self.write("good.yaml", GOOD)
        self.refused("runn", "good.yaml", says="unknown verb 'runn'; did you mean 'run'?")
        self.refused("statsu", says="did you mean 'status'?")
        self.refused("frobnicate", says="'fugle help' lists the verbs")
        self.refused("run", "--lcal", "good.yaml", says="did you mean '--local'?")
        self.refused("run", "good.yaml", "--fail-fats", says="did you mean '--fail-fast'?")
        self.refused("help", "plann", says="did you mean 'plan'?")

    def test_verbs_of_later_versions_say_so(self):
        self.refused("lineage", says="not in this version")

    def test_no_words_at_all_shows_the_help_and_fails(self):
        done = self.fugle(expect=2)
        self.assertIn("usage: fugle VERB", done.stdout)

    def test_wrong_numbers_and_contradictions_are_refused(self):
        self.write("good.yaml", GOOD)
        for args, says in [
            (["-j", "0"], "-j 0 can run nothing"),
            (["-n", "0"], "-n 0 starts nothing"),
            (["-j", "x"], "'--jobs'"),
            (["-j", "-1"], "--jobs"),
            (["-n", "-1"], "--ranks"),
            (["-n", "2", "--local"], "exclude each other"),
            (["--dedicated-head"], "leaves nobody"),
            (["extra"], "'extra' is one word too many"),
            (["-p", "x"], "NAME=VALUE"),
            (["-p", "x=1"], "x"),
            (["--from", "dax"], "--from dax"),
            (["--replay", "fast"], "--replay fast"),
        ]:
            with self.subTest(args=args):
                self.refused("run", "good.yaml", *args, says=says)

    def test_a_missing_or_misspelt_file_is_named(self):
        self.write("good.yaml", GOOD)
        self.refused("run", says="no workflow file given")
        self.refused("run", "god.yaml", says="'god.yaml' (No such file")
        self.refused("run", "..", says="directory")
        self.refused("run", "-", says="the file is empty", stdin="")
        self.refused("status", says="no runs in")

    def test_words_that_fit_no_run_or_element_are_answered(self):
        self.write("good.yaml", GOOD)
        self.fugle("run", "good.yaml")
        for args, says in [(["status", "nope"], "no run 'nope'"), (["logs", "good", "c"], "no element 'c'"),
                           (["why", "biuld"], "did you mean 'build'?"), (["resume", "nope"], "no run 'nope'"),
                           (["logs", "good", "a", "--attempt", "2"], "a has no attempt 2 (it has had 1)")]:
            with self.subTest(args=args):
                self.assertIn(says, self.fugle(*args, expect=2).stderr)


class WrongFiles(FugleCase):
    def test_a_ring_is_shown_with_the_place_of_each_edge(self):
        """CON-01."""
        self.write("ring.yaml", RING)
        for verb in ["validate", "plan", "run"]:
            said = self.fugle(verb, "ring.yaml", expect=2).stderr
            self.assertIn("error E201: cycle a -> b -> c -> a", said)
            for place in ["ring.yaml:4:15: note: a needs b", "ring.yaml:5:15: note: b needs c",
                          "ring.yaml:6:15: note: c needs a"]:
                self.assertIn(place, said)
        self.assertFalse((self.directory / ".fugle").exists())

    def test_every_mistake_of_a_file_is_printed_at_once(self):
        """CON-07."""
        self.write("typo.yaml", TYPOS)
        done = self.fugle("run", "typo.yaml", expect=2)
        for said in ["typo.yaml:2:7: error E107: name 'my run'", "typo.yaml:6:5: error E103: unknown key 'retires'",
                     "did you mean 'retries'?", "error E109: 180 has no unit", "error E104: 'cores'", "error E111: ",
                     "unknown key 'depends' in task 'post'; use 'needs'", "error E102: duplicate key 'post' (first at",
                     "error E105: task 'none' has no run"]:
            self.assertIn(said, done.stderr)
        lines = [int(line.split(":")[1]) for line in done.stderr.splitlines() if ": error " in line]
        self.assertEqual(lines, sorted(lines))
        self.assertRegex(done.stderr.rstrip().splitlines()[-1], r"^typo.yaml: \d+ errors, \d+ warnings?$")
        self.assertTrue(done.stderr.isascii())
        self.assertFalse((self.directory / ".fugle").exists())

    def test_mistakes_come_as_json_too(self):
        self.write("typo.yaml", TYPOS)
        mistakes = json.loads(self.fugle("validate", "typo.yaml", "--json", expect=2).stdout)
        self.assertIn(("E103", 6, "retries"), {(m["code"], m["line"], m["suggestion"]) for m in mistakes})
        self.assertEqual(set(mistakes[0]),
                         {"code", "severity", "file", "line", "column", "message", "suggestion", "notes"})
        self.write("good.yaml", GOOD)
        self.assertEqual(self.json_of("validate", "good.yaml"), [])

    def test_an_unknown_task_and_two_producers_are_refused(self):
        text = """version: 1
name: w
tasks:
  real: {outputs: {o: out.h5}, run: "true"}
  other: {needs: [NEED], outputs: {o: out.h5}, run: "true"}
"""
        self.write("unknown.yaml", text.replace("NEED", "reel"))
        said = self.fugle("validate", "unknown.yaml", expect=2).stderr
        self.assertIn("unknown task 'reel'; did you mean 'real'?", said)
        self.write("both.yaml", text.replace("NEED", "real"))
        said = self.fugle("validate", "both.yaml", expect=2).stderr
        self.assertIn("error E203: 'out.h5' is written by", said)

    def test_a_missing_input_is_found_before_the_start(self):
        self.write("config/namelist.wps", "")
        self.write("w.yaml", """version: 1
name: w
tasks:
  geogrid: {inputs: {domain: config/namelist.wsp}, run: "true"}
""")
        self.fugle("validate", "w.yaml")
        said = self.fugle("run", "w.yaml", expect=2).stderr
        self.assertIn("error E204: ", said)
        self.assertIn("did you mean 'config/namelist.wps'?", said)
        self.assertFalse((self.directory / ".fugle").exists())

    def test_params_are_checked_against_their_type(self):
        self.write("w.yaml", """version: 1
name: w
params:
  steps: {type: int, max: 10}
tasks:
  a: {run: "echo ${{ params.steps }}"}
""")
        self.assertIn("E105", self.fugle("run", "w.yaml", expect=2).stderr)
        self.assertIn("E110", self.fugle("run", "w.yaml", "-p", "steps=abc", expect=2).stderr)
        self.assertIn("steps: 99 > max 10", self.fugle("run", "w.yaml", "-p", "steps=99", expect=2).stderr)
        self.assertIn("did you mean 'steps'?", self.fugle("run", "w.yaml", "-p", "step=9", expect=2).stderr)
        self.fugle("run", "w.yaml", "-p", "steps=9")


if __name__ == "__main__":
    main()
