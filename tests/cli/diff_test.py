"""diff: what differs between files and runs; and a file that was edited while its run waits to be resumed."""

import json

from fugle_case import FugleCase, main

OLD = """
version: 1
name: w
params: {n: 2}
defaults: {retries: 1}
tasks:
  a: {resources: {mem: 100M}, run: "echo a"}
  gone: {run: "true"}
  m: {matrix: {i: [1, 2]}, needs: [a], run: "echo ${{ matrix.i }} >> ran; test -e go"}
"""
NEW = """
# a comment changes nothing
version: 1
name: w
params: {n: 3}
defaults: {retries: 2}
tasks:
  a: {resources: {mem: 200M, cores: 2}, run: "echo a"}
  m: {matrix: {i: [1, 2, 3]}, needs: [a], run: "echo ${{ matrix.i }} >> ran; test -e go"}
  fresh: {run: "true"}
"""


class Diff(FugleCase):
    def test_of_two_files(self):
        self.write("old.yaml", OLD)
        self.write("new.yaml", NEW)
        said = self.fugle("diff", "old.yaml", "new.yaml", expect=1).stdout
        for line in ("- task gone", "+ task fresh", "~ task a", "    resources.mem: 100M -> 200M",
                     "  + resources.cores: 2", "+ element m[3]", "    params.n: 2 -> 3"):
            self.assertIn(line + "\n", said)
        changes = json.loads(self.fugle("diff", "old.yaml", "new.yaml", "--json", expect=1).stdout)
        self.assertIn({"change": "changed", "what": "task a", "key": "resources.mem", "before": "100M",
                       "after": "200M"}, changes)

    def test_what_means_the_same_is_no_difference(self):
        self.write("old.yaml", OLD)
        self.write("same.yaml", "# hello\n" + OLD.replace('{resources: {mem: 100M}, run: "echo a"}',
                                                          "\n    run: echo a\n    resources:\n      mem: 100M"))
        self.assertEqual(self.fugle("diff", "old.yaml", "same.yaml").stdout, "")
        self.assertEqual(json.loads(self.fugle("diff", "old.yaml", "same.yaml", "--json").stdout), [])

    def test_lines_of_a_script(self):
        script = "version: 1\nname: w\ntasks:\n  a:\n    run: |\n      one\n      {}\n      three\n"
        self.write("old.yaml", script.format("two"))
        self.write("new.yaml", script.format("deux"))
        said = self.fugle("diff", "old.yaml", "new.yaml", expect=1).stdout
        self.assertIn("      - two\n      + deux\n", said)
        self.assertNotIn("three", said)

    def test_of_a_run_and_a_file_and_of_two_runs(self):
        self.write("w.yaml", OLD)
        self.fugle("run", "w.yaml", "-p", "n=7", expect=1)
        first = self.run_dir().name
        self.assertEqual(self.fugle("diff", first, "w.yaml").stdout, "", "read with the parameters of the run")
        self.write("go", "")
        self.fugle("run", "w.yaml", "-p", "n=7")
        second = self.run_dir().name
        said = self.fugle("diff", first, second, expect=1).stdout
        self.assertIn("~ element m[1]\n    state: FAILED -> OK\n", said)
        self.write("w.yaml", NEW)
        self.assertIn("+ task fresh", self.fugle("diff", first, "w.yaml", expect=1).stdout)

    def test_of_lists_of_commands(self):
        self.write("cmds", "echo one\necho two\n")
        self.fugle("run", "--lines", "cmds")
        first = self.run_dir().name
        self.write("cmds", "echo one\necho deux\n")
        self.fugle("run", "--lines", "cmds")
        said = self.fugle("diff", first, self.run_dir().name, expect=1).stdout
        self.assertIn("element line[2]", said)
        self.assertNotIn("line[1]", said)

    def test_misuse(self):
        self.write("old.yaml", OLD)
        self.fugle("diff", "old.yaml", expect=2)
        self.assertIn("neither", self.fugle("diff", "old.yaml", "none.yaml", expect=2).stderr)
        self.write("bad.yaml", OLD.replace("retries", "retires"))
        self.assertIn("E103", self.fugle("diff", "old.yaml", "bad.yaml", expect=2).stderr)

    def test_resume_says_what_was_edited_and_goes_on_with_what_it_was(self):
        self.write("w.yaml", OLD)
        self.fugle("run", "w.yaml", expect=1)
        self.write("go", "")
        self.write("w.yaml", OLD.replace("100M", "300M"))
        said = self.fugle("resume").stderr
        self.assertIn("resources.mem: 100M -> 300M", said)
        self.assertEqual(self.status()["state"], "OK")

    def test_resume_wants_a_word_where_the_graph_is_another(self):
        self.write("w.yaml", OLD)
        self.fugle("run", "w.yaml", expect=1)
        self.write("go", "")
        self.write("w.yaml", NEW)
        said = self.fugle("resume", expect=2).stderr
        self.assertIn("+ task fresh", said)
        self.assertIn("--accept", said)
        self.fugle("resume", "--accept")
        self.assertEqual(self.status()["total"], 4, "the graph of the run stays")

    def test_resume_says_nothing_of_comments(self):
        self.write("w.yaml", OLD)
        self.fugle("run", "w.yaml", expect=1)
        self.write("go", "")
        self.write("w.yaml", "# only a word\n" + OLD)
        self.assertNotIn("edited", self.fugle("resume").stderr)


if __name__ == "__main__":
    main()
