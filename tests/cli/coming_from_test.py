"""The examples for those who come from other systems run, and do what their pages say."""

import os
import pathlib
import shutil
import subprocess

from fugle_case import FugleCase, main

SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])
EXAMPLES = SOURCE / "examples"
CHEAT_SHEET = SOURCE / "tests/cli/data/cheat_sheet"

# Airflow's rules as FORMAT section 8 writes them: needs, join, when; and with which of two tasks above they run.
RULES = {
    "all_success": ("[A, B]", "all", "tasks.A.status != 'SKIPPED' && tasks.B.status != 'SKIPPED'",
                    lambda above: above == {"success"}),
    "none_failed": ("[A, B]", "all", "true", lambda above: "failed" not in above),
    "one_success": ("[A, B]", "any", "true", lambda above: above & {"success", "skipped"}),  # what was skipped goes on
    "all_done": ("{A: done, B: done}", "all", "true", lambda above: True),
    "one_failed": ("{A: failed, B: failed}", "any", "true", lambda above: "failed" in above),
    "all_failed": ("{A: failed, B: failed}", "all", "true", lambda above: above == {"failed"}),
}

# Steps that the sample studies of Maestro have when their parameters are put in, and the studies by hand.
STUDIES = {"lulesh": 1 + 1 + 9 + 1 + 9 + 3, "hello_bye": 4 + 4, "gravity": 9}


class ComingFromTest(FugleCase):
    def take(self, example):
        shutil.copytree(EXAMPLES / example, self.directory, dirs_exist_ok=True)

    def script(self, name):
        subprocess.run([self.directory / name], cwd=self.directory, check=True)

    def names(self, pattern):
        return sorted(path.name for path in self.directory.glob(pattern))

    def test_their_shapes_can_be_tried_without_their_commands(self):
        for path in sorted(EXAMPLES.glob("from_*/*.yaml")):
            with self.subTest(path.name):
                self.take(path.parent.name)
                if path.parent.name == "from_snakemake":
                    self.script("make_reads")
                self.fugle("test", path.name)

    # ---- GitHub Actions

    def test_github_actions(self):
        self.take("from_github_actions")
        self.fugle("run", "ci.yaml", "-j", "2")
        self.assertFalse((self.directory / "published.txt").exists())
        self.assertEqual(self.read("summary.txt").split(), ["clang_release.txt", "gcc_debug.txt", "gcc_release.txt"])

        self.fugle("run", "ci.yaml", "-p", "publish=true", "-j", "2")
        self.assertEqual(self.read("published.txt").splitlines(), ["clang release", "gcc debug", "gcc release"])

    def test_files_written_from_the_cheat_sheet_of_github_actions_are_valid(self):
        files = sorted(CHEAT_SHEET.glob("*.yaml"))
        self.assertGreaterEqual(len(files), 5)
        for path in files:
            with self.subTest(path.name):
                done = self.fugle("validate", path, expect=None)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_include_adds_what_github_says_that_it_adds(self):
        shutil.copy(CHEAT_SHEET / "include_exclude.yaml", self.directory)
        plan = self.json_of("plan", "include_exclude.yaml")
        self.assertEqual(sum(element["task"] == "pick" for element in plan["elements"]), 6)
        self.assertEqual(sum(element["task"] == "leave_out" for element in plan["elements"]), 5)

    # ---- Step Functions

    def test_step_functions(self):
        self.take("from_step_functions")
        self.fugle("run", "orders.yaml", "-p", "orders=12", "-j", "2")
        self.assertEqual(len(self.names("order_*.txt")), 12)
        self.assertFalse((self.directory / "apology.txt").exists())
        self.assertEqual(self.read("way.txt"), "freight\n")

    def test_step_functions_when_an_order_fails(self):
        self.take("from_step_functions")
        self.fugle("run", "orders.yaml", "-p", "broken=2", "-j", "2")
        self.assertEqual(self.names("order_*.txt"), ["order_1.txt", "order_3.txt"])
        self.assertEqual(self.read("apology.txt"), "sorry\n")
        self.assertEqual(self.read("way.txt"), "express\n")

    # ---- Argo

    def test_argo(self):
        self.take("from_argo")
        self.fugle("run", "shards.yaml", "-p", "shards=5", "-j", "2")
        self.assertEqual(self.read("merged.txt").split(), ["1", "2", "3", "4", "5"])
        self.assertIn("merged.txt", self.read("seen_at_exit.txt").split())

    def test_argo_the_exit_handler_runs_after_a_failure(self):
        self.take("from_argo")
        self.fugle("run", "shards.yaml", "-p", "shards=9", "-j", "2", expect=1)
        seen = self.read("seen_at_exit.txt").split()
        self.assertIn("shard_8.txt", seen)
        self.assertNotIn("merged.txt", seen)

    # ---- Airflow

    def test_airflow(self):
        self.take("from_airflow")
        self.fugle("run", "stations.yaml", "-p", "stations=3", "-j", "2")
        self.assertEqual(self.read("day.csv").splitlines(), ["1,281.4", "2,281.4", "3,281.4"])
        self.assertEqual(self.read("published.txt"), "day.csv\n")
        self.assertEqual((self.names("told.txt"), self.names("staging")), ([], []))
        self.fugle("run", "stations.yaml", "-p", "full_reload=true", "-j", "2")
        self.assertEqual(len(self.read("all_days.csv").splitlines()), 4)

    def test_airflow_when_a_station_is_silent(self):
        self.take("from_airflow")
        self.fugle("run", "stations.yaml", "-p", "silent=3", "-j", "2", expect=1)
        self.assertEqual(self.names("told.txt"), ["told.txt"])
        self.assertEqual(self.names("published.txt"), [])
        self.assertEqual(self.names("staging"), [], "clean runs however the others have ended")

    def test_airflow_trigger_rules(self):
        above = {"success": 'run: "true"', "failed": "run: exit 1", "skipped": 'run: "true", when: params.never'}
        lines = ["version: 1", "name: rules", "params: {never: false}", "tasks:"]
        lines += [f"  {side}_{end}: {{{keys}}}" for side in "ab" for end, keys in above.items()]
        for rule, (needs, join, when, _) in RULES.items():
            for a in above:
                for b in above:
                    keys = f'needs: {needs}, join: {join}, when: "{when}", run: "true"'
                    keys = keys.replace("A", f"a_{a}").replace("B", f"b_{b}")
                    lines.append(f"  {rule}_{a}_{b}: {{{keys}}}")
        self.write("rules.yaml", "\n".join(lines) + "\n")
        self.fugle("run", "rules.yaml", "--local", expect=1)
        ran = {element for element, state in self.states().items() if state == "OK"}
        for rule, (_, _, _, runs) in RULES.items():
            for a in above:
                for b in above:
                    with self.subTest(rule=rule, above=(a, b)):
                        self.assertEqual(f"{rule}_{a}_{b}" in ran, bool(runs({a, b})))

    # ---- Snakemake

    def test_snakemake(self):
        self.take("from_snakemake")
        self.script("make_reads")
        self.fugle("run", "clusters.yaml", "-p", "clusters=4", "-j", "2")
        self.assertEqual(self.names("consensus/*"), ["00.txt", "01.txt", "02.txt", "03.txt"])
        self.assertEqual([line.split()[1] for line in self.read("table.txt").splitlines()],
                         [f"consensus/0{i}.txt" for i in range(4)] + ["total"])
        self.assertEqual(self.names("sorted/*"), ["a.txt", "b.txt", "c.txt"])

    # ---- Nextflow

    def test_nextflow(self):
        self.take("from_nextflow")
        self.script("make_samples")
        self.fugle("run", "quant.yaml", "-j", "2")
        self.assertEqual(self.read("results/report.txt").splitlines(), ["gut 4", "lung 4", "skin 4"])

    def test_nextflow_a_sample_that_can_not_be_read_does_not_stop_the_others(self):
        self.take("from_nextflow")
        self.script("make_samples")
        (self.directory / "reads/lung_2.txt").unlink()
        self.fugle("run", "quant.yaml", "-j", "2")
        self.assertEqual(self.read("results/report.txt").splitlines(), ["gut 4", "skin 4"])
        self.assertEqual(self.states()["quant[lung]"], "FAILED")

    # ---- Prefect

    def test_prefect(self):
        self.take("from_prefect")
        self.fugle("run", "pages.yaml", "-j", "2")
        self.assertEqual(self.read("summary.txt"), "2 2 2\n")
        self.assertEqual(self.names("missing.txt"), [])
        self.assertEqual(sum(attempt["element"].startswith("fetch[") for attempt in self.attempts()), 6)

    def test_prefect_when_a_page_never_comes(self):
        self.take("from_prefect")
        self.fugle("run", "pages.yaml", "-p", "lost=2", "-j", "2")
        self.assertEqual(self.read("summary.txt"), "2 2\n")
        self.assertEqual(self.names("missing.txt"), ["missing.txt"])
        self.assertEqual(sum(attempt["element"] == "fetch[2]" for attempt in self.attempts()), 3)
        self.assertEqual(self.json_of("why", "parse[2]")["state"], "SKIPPED")

    # ---- Maestro

    def test_studies_of_maestro_have_as_many_elements_as_there(self):
        self.take("from_maestro")
        for name, steps in STUDIES.items():
            with self.subTest(name):
                self.assertEqual(self.fugle("validate", f"{name}.yaml").stderr, "")
                self.assertEqual(len(self.json_of("plan", f"{name}.yaml")["elements"]), steps)

    def test_maestro(self):
        self.take("from_maestro")
        for name in STUDIES:
            self.fugle("run", f"{name}.yaml", "-j", "2")
            self.assertEqual(set(self.states().values()), {"OK"})
        self.assertEqual(self.read("size_20.txt").splitlines(), [f"size 20 iterations {i}" for i in (10, 20, 30)])
        self.assertEqual(len(self.names("trial_*.txt")), 9)
        self.assertEqual(self.read("Ciao_Jim.txt"), "Ciao, Jim!\n")
        self.assertEqual(self.read("force/earth.txt"), "3.52e+22\n")

    def test_maestro_parameters_go_side_by_side(self):
        self.take("from_maestro")
        plan = self.json_of("plan", "hello_bye.yaml")
        self.assertEqual({element["id"]: element["needs"] for element in plan["elements"]
                          if element["task"] == "bye"},
                         {f"bye[{name}]": [f"hello[{name}]"] for name in ("Pam", "Jim", "Michael", "Dwight")})


if __name__ == "__main__":
    main()
