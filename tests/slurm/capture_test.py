"""A script of chained sbatch calls, recorded and run inside one allocation."""

from slurm_case import FUGLE, SlurmCase, main

DRIVER = """#!/bin/bash
set -e
first=$(sbatch --parsable -t 10 -J prepare --wrap='echo 5 > start')
array=$(sbatch --parsable --dependency=afterok:$first --array=1-6%3 -c 1 part.sh)
sbatch --dependency=afterok:$array --output=sum_%j.txt -J sum --wrap='cat part_* | paste -sd+ | bc -l 2>/dev/null || \\
awk "{s += \\$1} END {print s}" part_*'
"""

PART = """#!/bin/bash
#SBATCH -J part --mem=100M
echo "$SLURM_ARRAY_JOB_ID/$SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT on $SLURMD_NODENAME"
echo $(($(cat start) * SLURM_ARRAY_TASK_ID)) > part_$SLURM_ARRAY_TASK_ID
"""


class Capture(SlurmCase):
    def jobs(self):
        return set(self.slurm("squeue", "--noheader", "--states=all", "--format=%i").stdout.split())

    def write_driver(self):
        for name, text in (("driver.sh", DRIVER), ("part.sh", PART)):
            self.write(name, text).chmod(0o755)

    def test_three_chained_calls_with_an_array_run_in_one_job(self):
        self.write_driver()
        before = self.jobs()
        self.fugle("submit", "--from", "sbatch", "--nodes=2", "--", "./driver.sh")
        (job,) = self.jobs() - before  # one for all of them
        self.wait_for_job(job, timeout=120)
        self.assertEqual(self.read("sum_8.txt").strip(), "105")
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertIn("2/3 of 6 on n", self.fugle("logs", "2_3").stdout)

    def test_a_driver_may_be_run_inside_a_job_of_ones_own(self):
        self.write_driver()
        job = self.sbatch(f"{FUGLE} run --local --from sbatch -- ./driver.sh", "--ntasks=1",
                          "--cpus-per-task=2")
        self.assertEqual(self.wait_for_job(job, timeout=120)["JobState"], "COMPLETED")
        self.assertEqual(self.read("sum_8.txt").strip(), "105")


if __name__ == "__main__":
    main()
