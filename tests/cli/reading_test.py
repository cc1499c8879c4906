"""How files become a workflow: include, templates, parameters of a file, and what is in effect then."""
import json

from fugle_case import FugleCase, main

WORKFLOW = """
version: 1
name: reading
include: [lib/templates.yaml]
params:
  members: {type: int, min: 1, max: 64}
  words: [a, b]
defaults: {env: {LEVEL: defaults, ALL: "yes"}}
tasks:
  one:
    extends: [quiet, loud]
    run: echo "$LEVEL $ALL ${{ params.members }} ${{ len(params.words) }}" > one.txt
  two:
    extends: loud
    needs: [shared]
    env: {LEVEL: task}
    run: echo "$LEVEL" > two.txt
"""

TEMPLATES = """
include: [shared.yaml]
templates:
  quiet: {env: {LEVEL: quiet}, retries: {max: 1, delay: 0s}}
  loud: {env: {LEVEL: loud}, retries: 2}
"""

SHARED = """
params: {members: {default: 3}}
tasks:
  shared: {run: "touch shared.txt"}
"""


class Reading(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", WORKFLOW)
        self.write("lib/templates.yaml", TEMPLATES)
        self.write("lib/shared.yaml", SHARED)

    def test_a_run_has_the_tasks_templates_and_params_of_the_files_that_are_included(self):
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.read("one.txt"), "loud yes 3 2\n")
        self.assertEqual(self.read("two.txt"), "task\n")
        self.assertTrue((self.directory / "shared.txt").exists())

    def test_the_command_line_stands_above_a_params_file_and_that_above_the_defaults(self):
        self.write("p.json", '{"members": 5, "words": ["x", "y", "z"]}')
        self.fugle("run", "w.yaml", "--local", "--params-file", "p.json")
        self.assertEqual(self.read("one.txt"), "loud yes 5 3\n")
        self.fugle("run", "w.yaml", "--local", "--params-file", "p.json", "-p", "members=7")
        self.assertEqual(self.read("one.txt"), "loud yes 7 3\n")

    def test_mistakes_of_a_params_file_are_told_at_their_places(self):
        self.write("p.yaml", "members: 65\nwrods: [a]\n")
        said = self.fugle("plan", "w.yaml", "--params-file", "p.yaml", expect=2).stderr
        self.assertIn("p.yaml:1:10: error E110: members: 65 > max 64\n", said)
        self.assertIn("p.yaml:2:1: error E103: unknown param 'wrods'; did you mean 'words'?\n", said)
        self.assertIn("cannot read 'gone.yaml'", self.fugle("plan", "w.yaml", "--params-file", "gone.yaml",
                                                            expect=2).stderr)

    def test_mistakes_in_included_files_are_told_with_the_file(self):
        self.write("lib/shared.yaml", SHARED + "  one: {run: x}\n")
        said = self.fugle("validate", "w.yaml", expect=2).stderr
        self.assertIn("w.yaml:10:3: error E102: duplicate key 'one' (first at lib/shared.yaml:5)\n", said)
        self.assertTrue(said.endswith("w.yaml: 1 error, 0 warnings\n"), said)
        self.write("lib/shared.yaml", SHARED + "  late: {run: x, timeout: 90}\n")
        mistakes = json.loads(self.fugle("validate", "w.yaml", "--json", expect=2).stdout)
        self.assertEqual([(m["file"], m["line"], m["code"]) for m in mistakes], [("lib/shared.yaml", 5, "E109")])

    def test_paths_are_relative_to_the_file_that_includes(self):
        self.write("elsewhere/run.yaml", "version: 1\nname: w\ninclude: [../w2.yaml]\ntasks: {a: {run: x}}\n")
        self.assertIn("elsewhere/run.yaml:3:11: error E108: cannot include '../w2.yaml': not found in .",
                      self.fugle("validate", "elsewhere/run.yaml", expect=2).stderr)

    def test_what_is_in_effect_is_printed_with_its_origins_and_means_the_same(self):
        self.write("p.yaml", "words: [x, y]\n")
        given = ["--params-file", "p.yaml", "-p", "members=4"]
        printed = self.fugle("validate", "w.yaml", "--print-resolved", *given).stdout
        for line in ["      LEVEL: loud  # lib/templates.yaml:5\n", "      ALL: \"yes\"  # w.yaml:8\n",
                     "    default: 4  # command line\n", "    - x  # p.yaml:1\n", "      max: 2  # lib/templates.yaml:5\n",
                     "      delay: 0s  # lib/templates.yaml:4\n"]:
            self.assertIn(line, printed)
        self.write("other/resolved.yaml", printed)
        self.assertEqual(self.fugle("validate", "other/resolved.yaml", "--strict").stderr, "")
        plans = [self.json_of("plan", *words) for words in (["w.yaml", *given], ["other/resolved.yaml"])]
        self.assertEqual(plans[0], plans[1])
        again = self.fugle("validate", "other/resolved.yaml", "--print-resolved").stdout
        without_origins = [[line.split("  # ")[0] for line in text.splitlines()] for text in (printed, again)]
        self.assertEqual(*without_origins)

    def test_what_is_in_effect_comes_as_json_too(self):
        whole = self.json_of("validate", "w.yaml", "--print-resolved", "-p", "members=4")
        self.assertEqual(whole["workflow"]["tasks"]["two"]["env"], {"LEVEL": "task", "ALL": "yes"})
        self.assertEqual(whole["workflow"]["params"]["members"]["default"], 4)
        self.assertEqual(whole["origins"]["/tasks/two/env/ALL"], "w.yaml:8")
        self.assertEqual(whole["origins"]["/params/members/default"], "command line")
        self.assertEqual(whole["diagnostics"], [])

    def test_only_a_workflow_file_has_something_to_resolve(self):
        self.write("cmds.txt", "true\n")
        self.assertIn("--print-resolved is for workflow files",
                      self.fugle("validate", "--lines", "cmds.txt", "--print-resolved", expect=2).stderr)


if __name__ == "__main__":
    main()
