"""--lines: a file of commands needs no workflow file."""

import os

from fugle_case import FugleCase, main


class Lines(FugleCase):
    def commands(self):
        """{element: text} of all output."""
        said = {}
        for piece in self.json_of("logs"):
            said[piece["element"]] = said.get(piece["element"], "") + piece["text"]
        return said

    def test_each_line_is_an_element_with_its_exit_code(self):
        self.write("cmds.txt", "echo one\n\n# a comment\necho two | tr a-z A-Z\n"
                               "  echo \"it's three\"  # said\nexit 3\n")
        self.fugle("run", "--lines", "cmds.txt", expect=1)
        self.assertEqual(sorted(self.commands().values()), ["TWO\n", "it's three\n", "one\n"])
        counts = self.status()["counts"]
        self.assertEqual((counts["ok"], counts["failed"]), (3, 1))
        failed = [a for a in self.attempts() if a["state"] == "FAILED"]
        self.assertEqual([a["exit"] for a in failed], [3])
        self.assertEqual(self.status()["workflow"], "lines")

    def test_lines_come_from_standard_input(self):
        done = self.fugle("run", "--lines", "-", stdin="".join(f"echo {n} >> sum\n" for n in range(100)))
        self.assertIn("100 elements", done.stderr)
        self.assertEqual(sorted(map(int, self.read("sum").split())), list(range(100)))

    def test_lines_run_under_mpirun(self):
        """CON-04."""
        self.write("cmds.txt", "".join(f"echo line {n}\n" for n in range(20)))
        self.fugle("run", "--lines", "cmds.txt", "-j1", prefix=self.mpirun(4))
        self.assertEqual(sorted(self.commands().values()), sorted(f"line {n}\n" for n in range(20)))

    def test_a_failed_line_is_tried_again_by_resume_and_the_others_are_not(self):
        self.write("cmds.txt", "echo a >> ran\ntest -e now && echo b >> ran\necho c >> ran\n")
        self.fugle("run", "--lines", "cmds.txt", "-j1", expect=1)
        self.write("now", "")
        self.fugle("resume")
        self.assertEqual(sorted(self.read("ran").split()), ["a", "b", "c"])

    def test_options_hold_for_each_line(self):
        self.write("cmds.txt", "echo $FUGLE_CORES $0 >> seen\nmkdir once && exit 1 || echo again >> seen\nsleep 300\n")
        self.fugle("run", "--lines", "cmds.txt", "-c", "2", "-j2", "--retries", "1", "--timeout", "1s", "--shell", "sh",
                   expect=1, timeout=60)
        seen = self.read("seen").splitlines()
        self.assertEqual(seen[0].split()[0], "2")
        self.assertTrue(seen[0].endswith("sh") and not seen[0].endswith("bash"), seen[0])
        self.assertIn("again", seen)
        self.assertEqual({a["class"] for a in self.attempts() if a["exit"] is None or a["class"] == "timeout"},
                         {"timeout"})

    def test_options_of_lines_are_refused_for_a_workflow_file(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true"}}\n')
        done = self.fugle("run", "w.yaml", "--mem", "2G", expect=2)
        self.assertIn("--mem is for --lines", done.stderr)
        self.assertFalse(os.path.exists(self.directory / ".fugle"))

    def test_a_file_without_commands_is_refused(self):
        self.write("cmds.txt", "# nothing\n\n")
        done = self.fugle("run", "--lines", "cmds.txt", expect=2)
        self.assertIn("cmds.txt", done.stderr)


if __name__ == "__main__":
    main()
