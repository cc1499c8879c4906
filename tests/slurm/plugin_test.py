"""The SPANK plugin in a real Slurm: sbatch, salloc and srun --fugle=FILE, as root and as somebody else."""

import re
import sys
import unittest

import slurm_case
from slurm_case import BUILD, FUGLE, SlurmCase

PLUGIN = BUILD / "slurm" / "fugle.so"
GOOD = """\
version: 1
name: demo
tasks:
  part: {matrix: {x: "1..3"}, run: "echo ${{ matrix.x }} ${FROM_SCRIPT-} > part.${{ matrix.x }}"}
  whole: {run: "cat part.* > whole.txt", needs: [part]}
"""
BAD = GOOD.replace("needs: [part]", "kneads: [part]")
FRIENDLY = "#!/bin/bash\nexport FROM_SCRIPT=yes\n"


class PluginCase(SlurmCase):
    @classmethod
    def setUpClass(cls):
        if not PLUGIN.exists():
            print(f"SKIPPED: there is no {PLUGIN} (Debian: libslurm-dev)", file=sys.stderr, flush=True)
            raise unittest.SkipTest("the plugin is not built")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.write("good.yaml", GOOD)
        self.write("bad.yaml", BAD)
        self.environment.pop("FROM_SCRIPT", None)

    def next_job(self):
        """The number that the next job will get, found by taking one."""
        return int(self.sbatch("true"))

    def run_of(self, job):
        """What whole.txt holds when the job has run the workflow."""
        self.wait_for_job(job, "COMPLETED", 120)
        return self.read("whole.txt")


class PluginTest(PluginCase):
    options = {"plugstack": [f"required {PLUGIN} fugle={FUGLE}"]}

    def test_the_option_is_in_the_help(self):
        for command in ("sbatch", "salloc", "srun"):
            self.assertIn("--fugle=FILE", self.slurm(command, "--help").stdout)

    def test_sbatch_runs_the_graph_after_the_script_and_with_its_environment(self):
        job = self.sbatch(FRIENDLY + "#SBATCH --nodes=2\necho $0 $1\nexit 0", "--fugle=good.yaml")
        self.assertEqual(self.run_of(job), "1 yes\n2 yes\n3 yes\n", self.output_of(job))
        self.assertIn("slurm_script", self.output_of(job))

    def test_a_line_in_the_script_and_a_wrapped_command_will_do(self):
        job = self.sbatch("#!/bin/bash\n#SBATCH --fugle=good.yaml\n:")
        self.assertEqual(self.run_of(job), "1\n2\n3\n")
        (self.directory / "whole.txt").unlink()
        said = self.slurm("sbatch", "--parsable", "--output=%j.out", "--fugle=good.yaml", "--wrap=:")
        self.assertEqual(self.run_of(said.stdout.strip()), "1\n2\n3\n")

    def test_a_script_of_another_language_runs_first(self):
        job = self.sbatch("#!/usr/bin/env python3\nprint('script', flush=True)\n", "--fugle=good.yaml")
        self.assertEqual(self.run_of(job), "1\n2\n3\n")
        self.assertTrue(self.output_of(job).startswith("script\n"))

    def test_a_script_that_fails_keeps_the_graph_from_running(self):
        job = self.sbatch("#!/bin/bash -e\nfalse\ntrue", "--fugle=good.yaml")
        self.assertEqual(self.wait_for_job(job, "FAILED")["ExitCode"], "1:0")
        self.assertIn("good.yaml was not started", self.output_of(job))
        self.assertFalse((self.directory / "whole.txt").exists())

    def test_a_script_that_runs_it_by_itself_runs_it_once(self):
        job = self.sbatch(f"{FUGLE} run --local", "--fugle=good.yaml")
        self.assertEqual(self.run_of(job), "1\n2\n3\n")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1, self.output_of(job))

    def test_jobs_that_it_submits_are_not_jobs_of_the_workflow(self):
        job = self.sbatch("sbatch --wait --output=inner.out --wrap='echo inner; env | grep -E \"^FUGLE|SPANK\"; :'",
                          "--fugle=good.yaml")
        self.assertEqual(self.run_of(job), "1\n2\n3\n")
        ours = [line for line in self.read("inner.out").splitlines() if "FUGLE_FILE" in line or "SPANK" in line]
        self.assertEqual(ours, [])
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)

    def test_the_exit_code_of_the_run_is_that_of_the_job(self):
        self.write("failing.yaml", 'version: 1\nname: demo\ntasks: {a: {run: "exit 3"}}\n')
        job = self.sbatch(":", "--fugle=failing.yaml")
        self.assertEqual(self.wait_for_job(job, "FAILED", 120)["ExitCode"], "1:0")

    def test_a_wrong_file_is_refused_before_it_is_submitted(self):
        before = self.next_job()
        script = self.write("job.sh", "#!/bin/sh\ntrue\n")
        for command in (["sbatch", "--fugle=bad.yaml", script], ["sbatch", "--fugle=bad.yaml", "--wrap=:"],
                        ["salloc", "--fugle=bad.yaml", "true"], ["srun", "--fugle=bad.yaml", "true"],
                        ["sbatch", "--fugle=absent.yaml", "--wrap=:"]):
            done = self.slurm(*command, expect=1)
            self.assertIn("fugle: nothing was submitted", done.stderr)
            if "bad.yaml" in str(command):
                self.assertRegex(done.stderr, r"bad\.yaml:5:\d+: ")
        self.assertEqual(self.next_job(), before + 1)

    def test_what_submit_would_ask_for_is_asked_for_unless_the_user_says_otherwise(self):
        said = self.write("kept.out", "before\n")
        self.slurm("sbatch", "--wait", "-o", said, "--fugle", "good.yaml", "--wrap=:", timeout=120)
        self.assertTrue(said.read_text().startswith("before\n"))
        script = self.write("own.sh", "#!/bin/sh\n#SBATCH --no-requeue\n:\n")
        job = self.slurm("sbatch", "--parsable", "--fugle=good.yaml", script).stdout.strip()
        self.assertEqual(self.job(job)["Requeue"], "0")

    def test_somebody_else_submits_without_exporting_the_environment(self):
        self.environment["HOME"] = str(self.directory)
        job = self.sbatch("export PATH=/usr/bin:/bin; env > env.txt", "--fugle=good.yaml", "--export=NONE", user="nobody")
        self.assertEqual(self.run_of(job), "1\n2\n3\n")
        self.assertEqual((self.directory / "whole.txt").owner(), "nobody")
        self.assertIn(f"FUGLE_FILE={self.directory}/good.yaml\n", self.read("env.txt"))

    def test_tasks_of_steps_know_their_node(self):
        said = self.slurm("srun", "--fugle=good.yaml", "--nodes=2", "--ntasks=2", "--cpus-per-task=2", "--mem=600", "sh",
                          "-c", "echo $(hostname) $FUGLE_NODE $FUGLE_NODE_INDEX $FUGLE_NODE_CORES $FUGLE_NODE_MEM_MB")
        self.assertEqual(sorted(re.sub(r"[0-3]-[0-3]", "C", line) for line in said.stdout.splitlines()),
                         ["n1 n1 0 C 600", "n2 n2 1 C 600"])

    def test_salloc_says_what_to_type_and_it_works(self):
        done = self.slurm("salloc", "--fugle=good.yaml", FUGLE, "run", "--local", timeout=120)
        self.assertIn("'fugle run' runs", done.stderr)
        self.assertEqual(self.read("whole.txt"), "1\n2\n3\n")

    def test_a_requeued_job_goes_on_with_its_run(self):
        self.write("slow.yaml", 'version: 1\nname: demo\ntasks:\n  first: {run: "echo x >> first.txt"}\n'
                                '  second: {run: "touch second; [ -e go ] || sleep 100", needs: [first]}\n')
        job = self.sbatch(":", "--fugle=slow.yaml")
        self.wait_for("second", 120)
        self.write("go", "")
        self.slurm("scontrol", "requeue", job)
        self.wait_for_job(job, "COMPLETED", 180)
        self.assertEqual(self.read("first.txt"), "x\n")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)


class WithoutTest(PluginCase):
    """The same job with and without the plugin; a plugin of another release of Slurm."""

    JOB = "env -0 | sort -z | tr '\\0' '\\n' > env.$1; tr '\\0' '\\n' < /proc/$$/cmdline > words.$1"

    def observe(self, name):
        self.write("observe.sh", f"#!/bin/bash\n#SBATCH --output=observed.out\n{self.JOB}\n")
        self.slurm("sbatch", "--wait", "observe.sh", name, timeout=60)
        self.slurm("srun", "--ntasks=2", "sh", "-c", f"env > step.{name}.$SLURM_PROCID")
        mine = re.compile(r"^(SLURM_JOB_ID|SLURM_JOBID|SLURM_TASK_PID|SLURM_LAUNCH_NODE_PORT|SLURM_STEP_LAUNCHER_PORT"
                          r"|SLURM_SRUN_COMM_PORT|SRUN_DEBUG|SLURM_JOB_(START|END)_TIME)=.*$", re.M)
        texts = [self.read(file) for file in (f"env.{name}", f"words.{name}", f"step.{name}.0", f"step.{name}.1")]
        return [sorted(mine.sub("", re.sub(r"/job\d+/", "/job/", text).replace(name, "NAME")).splitlines())
                for text in texts]

    def load(self, *lines):
        (self.cluster.settings.etc / "plugstack.conf").write_text("".join(f"{line}\n" for line in lines))

    def test_a_job_without_the_option_is_unchanged(self):
        self.load()
        without = self.observe("case_one")
        self.load(f"required {PLUGIN} fugle={FUGLE}")
        self.assertIn("--fugle=FILE", self.slurm("sbatch", "--help").stdout)
        self.assertEqual(self.observe("case_two"), without)

    def test_a_plugin_of_another_release_is_refused_and_jobs_run(self):
        other = BUILD / "slurm" / "another_release" / "fugle.so"
        self.load(f"optional {other} fugle={FUGLE}")
        self.assertNotIn("--fugle", self.slurm("sbatch", "--help").stdout)
        self.assertEqual(self.slurm("srun", "echo", "runs").stdout, "runs\n")
        job = self.sbatch("echo runs too")
        self.wait_for_job(job, "COMPLETED")
        self.assertEqual(self.output_of(job), "runs too\n")
        self.slurm("sbatch", "--fugle=good.yaml", "--wrap=:", expect=255)

    def test_an_optional_plugin_refuses_too(self):
        self.load(f"optional {PLUGIN} fugle={FUGLE}")
        before = self.next_job()
        self.slurm("sbatch", "--fugle=bad.yaml", "--wrap=:", expect=1)
        self.assertEqual(self.next_job(), before + 1)

    def test_without_fugle_in_the_path_nothing_is_submitted(self):
        self.load(f"optional {PLUGIN}")
        self.environment["PATH"] = "/usr/bin:/bin"
        done = self.slurm("sbatch", "--fugle=good.yaml", "--wrap=:", expect=1)
        self.assertIn("no program 'fugle'", done.stderr)


del PluginCase

if __name__ == "__main__":
    slurm_case.main()
