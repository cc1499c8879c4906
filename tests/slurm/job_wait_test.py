"""CON-77: tasks that submit Slurm jobs of their own and wait for them, inside a job and outside."""

from slurm_case import FUGLE, SlurmCase, main, poll

FLOW = f"""
version: 1
name: outer
tasks:
  child:
    matrix: {{n: [0, 3, 9]}}
    run: "{FUGLE} job --nodes=1 --time=5 --wrap 'sleep 1; exit ${{{{ matrix.n }}}}'"
  long: {{run: "{FUGLE} job --job-name=long --time=5 --wrap 'sleep 600'"}}
"""


class JobWait(SlurmCase):
    def child(self, name):
        return poll(lambda: self.slurm("squeue", "--noheader", f"--name={name}", "--states=RUNNING", "--format=%i")
                    .stdout.strip(), 60, f"the job {name}")

    def test_tasks_end_as_their_jobs_end_and_a_cancelled_one_cancels_its_job(self):
        self.write("outer.yaml", FLOW)
        process = self.start("run", "outer.yaml", "--local", "-j4")
        job = self.child("long")
        self.fugle("cancel", "outer", "long")
        self.wait_for_job(job, "CANCELLED")
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 1, output)
        self.assertEqual(self.states(), {"child[0]": "OK", "child[3]": "FAILED", "child[9]": "FAILED",
                                         "long": "CANCELLED"})
        self.assertEqual({row["element"]: row["exit"] for row in self.attempts() if row["element"].startswith("child")},
                         {"child[0]": 0, "child[3]": 3, "child[9]": 9})

    def test_inside_of_a_job_the_child_is_a_job_of_its_own(self):
        self.write("outer.yaml", f"""
version: 1
name: outer
tasks:
  child: {{run: "{FUGLE} job --nodes=1 --ntasks=1 --time=5 --output=child.out --wrap env"}}
""")
        outer = self.sbatch(f"exec {FUGLE} run outer.yaml --local", "--nodes=1", "--ntasks=1", "--mem=600",
                            "--cpus-per-task=2")
        self.wait_for_job(outer, "COMPLETED", 90)
        seen = dict(line.split("=", 1) for line in self.read("child.out").splitlines() if "=" in line)
        self.assertNotEqual(seen["SLURM_JOB_ID"], outer)
        self.assertEqual(seen["SLURM_JOB_CPUS_PER_NODE"], "1")
        self.assertNotIn("FUGLE_ELEMENT", seen)
        self.assertNotIn("SLURM_CPUS_PER_TASK", seen)

    def test_a_job_that_is_cancelled_or_ends_late_is_told_as_such(self):
        process = self.start("job", "--job-name=victim", "--wrap", "sleep 600")
        self.slurm("scancel", self.child("victim"))
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, output)
        self.assertIn("CANCELLED", output)

    def test_an_array_ends_with_its_worst(self):
        done = self.fugle("job", "--array=0-2", "--time=5", "--wrap", "exit $SLURM_ARRAY_TASK_ID", expect=2)
        self.assertIn("FAILED with exit code 2", done.stderr)


if __name__ == "__main__":
    main()
