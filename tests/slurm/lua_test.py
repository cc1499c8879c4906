"""The samples of filters in Lua: jobs whose largest task can never run in them are refused."""

import sys
import unittest

import slurm_case
from slurm_case import BUILD, FUGLE, SOURCE, SlurmCase

PLUGIN = BUILD / "slurm" / "fugle.so"
WORKFLOW = """\
version: 1
name: demo
tasks:
  wide: {run: "true", resources: {cores: %d}}
  long: {run: "true", timeout: %s}
"""


class Refusals:
    """What both filters have to do."""

    @classmethod
    def setUpClass(cls):
        if not PLUGIN.exists():
            print(f"SKIPPED: there is no {PLUGIN} (Debian: libslurm-dev)", file=sys.stderr, flush=True)
            raise unittest.SkipTest("the plugin is not built")
        super().setUpClass()

    def ask(self, *options, cores=3, timeout="20m", expect=1):
        self.write("demo.yaml", WORKFLOW % (cores, timeout))
        done = self.slurm("sbatch", "--hold", *options, "--fugle=demo.yaml", "--wrap=:", expect=None)
        self.assertEqual(done.returncode == 0, expect == 0, done.stdout + done.stderr)
        return done.stderr

    def test_jobs_that_fit_are_taken(self):
        self.ask("--cpus-per-task=3", "--time=20", expect=0)
        self.ask("--ntasks=4", expect=0)
        self.ask("--nodes=2", "--exclusive", "--time=0-01:00:00", expect=0)
        self.ask("--partition=low", "--exclusive", cores=5, expect=0)

    def test_a_task_that_is_larger_than_a_node_is_refused(self):
        self.assertIn("needs 5 cores", self.ask("--exclusive", cores=5))

    def test_a_task_that_is_larger_than_the_job_is_refused(self):
        self.assertIn("the job asks for 2; write --cpus-per-task=3", self.ask("--ntasks=2"))

    def test_a_task_that_may_take_longer_than_the_job_is_refused(self):
        self.assertIn("may take 20 minutes and the job only 10", self.ask("--exclusive", "--time=10"))

    def test_jobs_of_others_are_left_alone(self):
        self.slurm("sbatch", "--hold", "--time=1", "--wrap=:")


class JobSubmitTest(Refusals, SlurmCase):
    options = {"lines": ["JobSubmitPlugins=lua"], "plugstack": [f"required {PLUGIN} fugle={FUGLE} needs=yes"],
               "files": {"job_submit.lua": (SOURCE / "slurm/job_submit.lua").read_text()}}


class CliFilterTest(Refusals, SlurmCase):
    options = {"lines": ["CliFilterPlugins=lua"], "plugstack": [f"required {PLUGIN} fugle={FUGLE}"],
               "files": {"cli_filter.lua": (SOURCE / "slurm/cli_filter.lua").read_text().replace(
                   'local FUGLE = "fugle"', f'local FUGLE = "{FUGLE}"')}}

    def test_an_allocation_is_refused_too(self):
        self.write("demo.yaml", WORKFLOW % (9, "1m"))
        done = self.slurm("salloc", "--fugle=demo.yaml", "true", expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("needs 9 cores", done.stderr)


if __name__ == "__main__":
    slurm_case.main()
