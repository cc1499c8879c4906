"""Batch scripts and drivers of sbatch as workflows: --from slurm, --from sbatch, fugle sbatch."""

import os
import pathlib
import shutil
import stat
import subprocess

from fugle_case import FugleCase, main

DRIVER = """#!/bin/bash
set -e
mkdir -p data
prep=$(sbatch --parsable --wrap='printf "%s\\n" 1 2 3 4 > data/in' -J prep -t 5)
sims=$(sbatch --dependency=afterok:$prep --array=1-4%2 -c 1 sim.sh fast | awk '{print $4}')
export LABEL=total
cat > merge.sh <<'END'
#!/bin/sh
#SBATCH --job-name=merge --output=merge_%j.txt
echo "$LABEL $SLURM_JOB_NAME" $(cat data/out_* | sort)
END
sbatch -d afterok:$sims merge.sh > submitted
rm merge.sh
sbatch -d afterany:$sims --wrap 'exit 3' -J check
"""

SIM = """#!/bin/bash
#SBATCH -J sim
#SBATCH -o data/log_%A_%2a.txt
line=$(sed -n "${SLURM_ARRAY_TASK_ID}p" data/in)
echo "$1 $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_COUNT $SLURM_JOB_ID $(basename "$0")"
echo $((line * line)) > data/out_$SLURM_ARRAY_TASK_ID
"""


class Capture(FugleCase):
    def setUp(self):
        super().setUp()
        for name in list(self.environment):
            if name.startswith(("SLURM_", "SBATCH_")):
                del self.environment[name]

    def script(self, name, text):
        path = self.write(name, text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def test_a_batch_script_runs_with_what_slurm_promises(self):
        self.script("job.sh", '#!/bin/bash\n#SBATCH -J hi -c 2 --chdir=sub\n#SBATCH -o out_%x_%j.txt\n'
                              'echo "$SLURM_JOB_NAME $SLURM_CPUS_PER_TASK $SLURM_SUBMIT_DIR $PWD $1"\n')
        (self.directory / "sub").mkdir()
        self.environment["SLURM_JOB_NAME"] = "another"
        self.fugle("run", "--from", "slurm", "job.sh", "-j2")
        self.assertEqual(self.read("sub/out_hi_1.txt").split(),
                         ["hi", "2", str(self.directory), str(self.directory / "sub")])

    def test_a_script_is_known_by_its_look_and_gets_an_array(self):
        self.script("job.sh", "#!/usr/bin/env python3\n#SBATCH -J py\nimport os\n"
                              "print(os.environ['SLURM_ARRAY_TASK_ID'], os.environ['SLURM_ARRAY_TASK_MAX'])\n")
        self.fugle("run", "job.sh", "--array", "3,7")
        self.assertEqual(self.fugle("logs", "py[7]").stdout, "7 7\n")
        self.assertEqual(self.fugle("logs", "1_3").stdout, "3 7\n")

    def test_mistakes_and_refusals_are_told_with_their_lines_and_nothing_runs(self):
        self.script("job.sh", "#!/bin/bash\n#SBATCH --bb=x\n#SBATCH --mme=4G\ntouch ran\n")
        done = self.fugle("run", "--from", "slurm", "job.sh", expect=2)
        self.assertIn("job.sh:2:9: error E501: import: --bb has no equivalent", done.stderr)
        self.assertIn("job.sh:3:9: error E502: ", done.stderr)
        self.assertFalse((self.directory / "ran").exists())
        self.script("job.sh", "#!/bin/bash\n#SBATCH --begin=now+1hour\ntrue\n")
        self.assertIn("--approximate", self.fugle("validate", "--from", "slurm", "job.sh", expect=2).stderr)
        self.assertIn("W51", self.fugle("validate", "--from", "slurm", "job.sh", "--approximate").stderr)

    def test_a_driver_of_three_stages_runs_as_one_workflow(self):
        self.script("driver.sh", DRIVER)
        self.script("sim.sh", SIM)
        self.fugle("run", "--from", "sbatch", "-j2", "--", "./driver.sh", expect=1)
        self.assertEqual(self.read("submitted"), "Submitted batch job 6\n")
        self.assertEqual(self.read("merge_6.txt"), "total merge 1 16 4 9\n")
        self.assertEqual(self.read("data/log_2_03.txt").split()[:4], ["fast", "2", "4", "4"])
        states = self.states()
        self.assertEqual(states["check"], "FAILED", "afterany ran it")
        self.assertEqual(states["sim[4]"], "OK")
        self.assertIn("FAILED", self.fugle("why", "7").stdout)
        self.assertIn("OK", self.fugle("why", "2_3").stdout)
        left = [entry.name for entry in self.directory.glob(".fugle/*") if not (entry / "run.json").exists()]
        self.assertEqual(left, [], "the recording is gone")

    def test_the_example_of_a_chain_runs_as_it_stands(self):
        source = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "examples/02_sbatch_chain"
        shutil.copytree(source, self.directory, dirs_exist_ok=True)
        self.fugle("run", "--from", "sbatch", "-j2", "--", "./driver.sh")
        self.assertEqual(self.read("results/sum_8.txt"), "91\n")
        self.assertIn("element 3 of 6", self.fugle("logs", "2_3").stdout)

    def test_a_driver_that_asks_for_a_recorded_job_is_refused(self):
        self.script("driver.sh", "#!/bin/bash\nid=$(sbatch --parsable --wrap=true)\n"
                                 "squeue -u $USER > queue\nwhile squeue -h -j $id; do sleep 1; done\n")
        done = self.fugle("run", "--from", "sbatch", "--", "./driver.sh", expect=2)
        self.assertIn("the driver waits for job 1 while it is only recorded; split the driver there", done.stderr)

    def test_a_driver_that_fails_runs_nothing(self):
        self.script("driver.sh", "#!/bin/bash\nsbatch --wrap='touch ran'\nexit 7\n")
        done = self.fugle("run", "--from", "sbatch", "--", "./driver.sh", expect=2)
        self.assertIn("ended with exit code 7", done.stderr)
        self.assertFalse((self.directory / "ran").exists())

    def test_jobs_wait_for_the_end_of_others_however_it_is(self):
        self.script("driver.sh", "#!/bin/bash\na=$(sbatch --parsable --wrap='exit 1' -J a)\n"
                                 "sbatch -d afterany:$a --wrap='echo after > any' -J b\n"
                                 "sbatch -d afterok:$a --wrap='echo after > ok' -J c\n")
        self.fugle("run", "--from", "sbatch", "--", "./driver.sh", expect=1)
        self.assertTrue((self.directory / "any").exists())
        self.assertFalse((self.directory / "ok").exists())

    def test_over_several_ranks_nothing_starts_before_the_end_it_waits_for(self):
        self.script("driver.sh", "#!/bin/bash\na=$(sbatch --parsable -J a -a 1-40%3 --wrap='exit $((SLURM_ARRAY_TASK_ID % 2))')\n"
                                 "b=$(sbatch --parsable -J b -a 1-20 -d afterany:$a --wrap=true)\n"
                                 "sbatch -J c -a 1-20 -d aftercorr:$b --wrap=true\n")
        self.fugle("run", "-n", "3", "-j2", "--from", "sbatch", "--", "./driver.sh", expect=1)
        attempts = self.attempts()
        ends = {a["element"]: a["end_ns"] for a in attempts}
        starts = {a["element"]: a["start_ns"] for a in attempts}
        self.assertEqual(len(starts), 80)
        last = max(end for element, end in ends.items() if element.startswith("a["))
        self.assertGreaterEqual(min(start for element, start in starts.items() if element.startswith("b[")), last)
        for index in range(1, 21):
            self.assertGreaterEqual(starts[f"c[{index}]"], ends[f"b[{index}]"])
        for index in range(1, 41):
            beside = [i for i in range(1, 41) if starts[f"a[{i}]"] <= starts[f"a[{index}]"] < ends[f"a[{i}]"]]
            self.assertLessEqual(len(beside), 3, "elements of the array at once")

    def test_the_driver_runs_once_whatever_the_number_of_ranks(self):
        self.script("driver.sh", "#!/bin/bash\necho run >> runs\nsbatch --array=1-6 --wrap='echo $SLURM_ARRAY_TASK_ID >> done'\n")
        self.fugle("run", "-n", "2", "-j1", "--from", "sbatch", "--", "./driver.sh")
        self.assertEqual(self.read("runs"), "run\n")
        self.assertEqual(sorted(self.read("done").split()), list("123456"))

    def test_sbatch_is_recorded_without_a_driver_too(self):
        self.fugle("sbatch", "--shims", "bin")
        self.environment["PATH"] = f"{self.directory / 'bin'}:{self.environment['PATH']}"
        self.script("steps.sh", "#!/bin/sh\nfirst=$(sbatch --parsable --wrap='echo 1 > one')\n"
                                "sbatch -d afterok:$first --wrap='cat one > two'\n")
        said = subprocess.run(["./steps.sh"], cwd=self.directory, env=self.environment, text=True, capture_output=True)
        self.assertEqual(said.stdout, "Submitted batch job 2\n")
        self.assertIn("--wrap=cat one > two", self.fugle("sbatch", "--list").stdout)
        self.fugle("run", "--from", "sbatch")
        self.assertEqual(self.read("two"), "1\n")
        self.fugle("sbatch", "--clear")
        self.assertIn("no job was recorded", self.fugle("run", "--from", "sbatch", expect=2).stderr)

    def test_a_script_may_call_srun(self):
        self.script("job.sh", "#!/bin/bash\n#SBATCH -n 2 -J s\nsrun -n 1 echo one\n"
                              "srun bash -c 'echo rank $SLURM_PROCID of $SLURM_NTASKS' | sort\n")
        self.fugle("run", "--from", "slurm", "job.sh", "-j2")
        self.assertEqual(self.fugle("logs", "s").stdout, "one\nrank 0 of 2\nrank 1 of 2\n")


if __name__ == "__main__":
    main()
