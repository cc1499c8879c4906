"""Secrets: who is given them, and that they stand nowhere in what a run leaves behind."""

import json
import os
import unittest

from fugle_case import FugleCase, main, poll

TOKEN = "tok-4f9Qz-hunter2-secret"
OTHER = "an0ther-\"quoted\"-one"

WORKFLOW = """
version: 1
name: w
secrets: [TOKEN, OTHER]
tasks:
  given:
    secrets: [TOKEN]
    outputs: {v: {type: value}}
    run: |
      echo "length ${#TOKEN}, other ${OTHER-none}"
      echo "it is $TOKEN" >&2
      printf 'cut %s' "${TOKEN:0:9}"; sleep 0.2; echo "${TOKEN:9}"
      echo "v=<$TOKEN>" >> "$FUGLE_OUTPUT"
  not_given: {run: "echo ${TOKEN-none} ${OTHER-none}"}
  after: {run: "echo ${{ q(tasks.given.outputs.v) }}"}
  failing:
    secrets: [OTHER]
    outputs: {v: {type: value}}
    run: echo "$OTHER" | tee -a "$FUGLE_OUTPUT"
"""


class Secrets(FugleCase):
    def setUp(self):
        super().setUp()
        self.environment |= {"TOKEN": TOKEN, "OTHER": OTHER}

    def expect_nowhere(self, *texts):
        """Not in what was printed, and in no file of any run."""
        forbidden = [TOKEN.encode(), OTHER.encode(), json.dumps(OTHER)[1:-1].encode()]
        found = []
        for folder, _, files in os.walk(self.directory / ".fugle"):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                found += [(name, word) for word in forbidden if word in content]
        self.assertEqual(found, [])
        for text in texts:
            for word in forbidden:
                self.assertNotIn(word.decode(), text)

    def check_run(self, *options):
        self.write("w.yaml", WORKFLOW)
        done = self.fugle("run", "w.yaml", *options, expect=1)
        self.assertEqual(self.fugle("logs", "given").stdout,
                         f"length {len(TOKEN)}, other none\nit is ***\ncut ***\n")
        self.assertEqual(self.fugle("logs", "not_given").stdout, "none none\n")
        self.assertEqual(self.fugle("logs", "after").stdout, "<***>\n")
        why = self.fugle("why", "failing").stdout
        self.assertIn("***", why)
        self.expect_nowhere(done.stdout, done.stderr, why, self.fugle("logs").stdout,
                            self.fugle("report").stdout, json.dumps(self.attempts()))

    def test_are_given_to_those_who_list_them_and_stand_nowhere(self):
        self.check_run("--local")

    def test_reach_the_ranks_of_mpirun(self):
        self.check_run("-n", 2)

    def test_come_from_a_file_that_is_for_the_user_alone(self):
        self.environment.pop("OTHER")
        self.environment["TOKEN"] = "from the environment"
        self.write("s", f"# mine\nTOKEN={TOKEN}\nOTHER<<END\n{OTHER}\nEND\nUNKNOWN=x\n").chmod(0o600)
        self.check_run("--local", "--secrets-file", "s")

    def test_of_a_file_that_others_can_read_are_refused(self):
        self.write("w.yaml", WORKFLOW)
        self.write("s", f"TOKEN={TOKEN}\n").chmod(0o640)
        done = self.fugle("plan", "w.yaml", "--secrets-file", "s", expect=2)
        self.assertIn("E305", done.stderr)
        self.assertIn("chmod 600", done.stderr)
        self.write("s", f"TOKEN={TOKEN}\n{OTHER}\n").chmod(0o600)
        done = self.fugle("run", "w.yaml", "--secrets-file", "s", expect=2)
        self.assertIn("line 2 is neither", done.stderr)
        self.expect_nowhere(done.stdout, done.stderr)

    def test_that_are_not_set_are_told_before_anything_runs(self):
        self.write("w.yaml", WORKFLOW)
        self.environment.pop("TOKEN")
        self.environment["OTHER"] = ""
        for verb in (["run", "--local"], ["plan"], ["run", "-n", "2"]):
            done = self.fugle(*verb, "w.yaml", expect=2)
            self.assertIn("w.yaml:4:11: error E110: secret 'TOKEN' is not set", done.stderr)
            self.assertIn("w.yaml:4:18: error E110: secret 'OTHER' is not set", done.stderr)
        self.fugle("validate", "w.yaml")
        self.fugle("simulate", "w.yaml", "--alloc", "nodes=1")

    def test_are_no_names_of_expressions(self):
        self.write("w.yaml", "version: 1\nname: w\nsecrets: [TOKEN]\ntasks: {a: {run: \"echo ${{ env.TOKEN }}\"}}\n")
        self.assertIn("E402: env.TOKEN is a secret", self.fugle("validate", "w.yaml", expect=2).stderr)

    def test_in_the_file_or_in_a_param_are_refused(self):
        self.write("w.yaml", f"version: 1\nname: w\nsecrets: [TOKEN]\ntasks: {{a: {{run: echo {TOKEN}}}}}\n")
        done = self.fugle("run", "w.yaml", "--local", expect=2)
        self.assertIn("secret 'TOKEN' stands in line 4 of the file", done.stderr)
        self.write("w.yaml", "version: 1\nname: w\nsecrets: [TOKEN]\nparams: {p: x}\ntasks: {a: {run: echo}}\n")
        done = self.fugle("run", "w.yaml", "--local", "-p", f"p=https://{TOKEN}@host", expect=2)
        self.assertIn("secret 'TOKEN' stands in param 'p'", done.stderr)
        self.expect_nowhere(done.stderr)

    def test_a_resume_needs_them_again(self):
        self.write("w.yaml", """
version: 1
name: w
secrets: [TOKEN]
tasks:
  a: {secrets: [TOKEN], run: "echo $TOKEN; test -e good"}
""")
        self.fugle("run", "w.yaml", "--local", expect=1)
        self.write("good", "")
        self.environment.pop("TOKEN")
        self.assertIn("secret 'TOKEN' is not set", self.fugle("resume", "--local", expect=2).stderr)
        self.assertIn("secret 'TOKEN' is not set", self.fugle("resume", "-n", 2, expect=2).stderr)
        self.write("s", f"TOKEN={TOKEN}\n").chmod(0o600)
        self.fugle("resume", "-n", 2, "--secrets-file", "s")
        self.assertEqual(self.fugle("logs", "a").stdout, "***\n***\n")
        self.expect_nowhere()

    def test_after_a_kill_nothing_is_left_of_them(self):
        self.write("w.yaml", """
version: 1
name: w
secrets: [TOKEN]
tasks:
  a: {secrets: [TOKEN], run: "echo $TOKEN; touch started; while :; do sleep 0.1; done"}
""")
        run = self.start("run", "w.yaml", "--local")
        self.wait_for("started")
        run.kill()
        run.wait()
        self.expect_nowhere()


if __name__ == "__main__":
    main()
