"""CON-77, HF-10: fugle job submits a Slurm job and waits, here with programs that stand in for Slurm's."""

import os
import signal
import stat
import time

from fugle_case import FUGLE, FugleCase, main, poll

SBATCH = """#!/bin/bash
exec 9>"$FAKE/lock"; flock 9
n=$(( $(cat "$FAKE/count" 2>/dev/null || echo 0) + 1 )); echo $n >"$FAKE/count"
printf '%s\\n' "$@" >"$FAKE/sbatch.$n"; env >"$FAKE/env.$n"
case "$*" in *refuse*) echo "sbatch: error: invalid partition specified: refuse" >&2; exit 1;; esac
[[ "$*" == *--wrap* || "$*" == *.sh* ]] || cat >"$FAKE/script.$n"
echo $n
"""
SQUEUE = """#!/bin/bash
date +%s.%N >>"$FAKE/squeue.times"
printf '%s\\n' "$*" >>"$FAKE/squeue.args"
[ -e "$FAKE/down" ] && { echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1; }
[ -e "$FAKE/empty" ] && exit 0
for f in "$FAKE"/count; do for j in $(seq $(cat $f)); do
  read -r state status < <(cat "$FAKE/state.$j" 2>/dev/null || echo RUNNING 0)
  printf '%-16s%-16s%-20s%-12s%-256s\\n' $j $j $state $status "$FAKE/slurm-$j.out"
done; done
"""
SCANCEL = """#!/bin/bash
echo "$@" >>"$FAKE/cancelled"
"""
NOTHING = "#!/bin/bash\nexit 0\n"


class Job(FugleCase):
    def setUp(self):
        super().setUp()
        self.fake = self.directory / "fake"
        self.fake.mkdir()
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL, "sacct": NOTHING,
                           "scontrol": NOTHING}.items():
            program = self.fake / name
            program.write_text(text)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.environment |= {"PATH": f"{self.fake}:{os.environ['PATH']}", "FAKE": str(self.fake)}

    def end(self, job, state, status=0):
        (self.fake / "draft").write_text(f"{state} {status}\n")
        (self.fake / "draft").rename(self.fake / f"state.{job}")

    def test_ends_with_the_exit_code_of_the_job(self):
        for state, status, code in (("COMPLETED", 0, 0), ("FAILED", 3 << 8, 3), ("FAILED", 9, 137), ("TIMEOUT", 15, 124),
                                    ("CANCELLED", 15, 143), ("OUT_OF_MEMORY", 0, 137)):
            with self.subTest(state=state, status=status):
                (self.fake / "count").unlink(missing_ok=True)
                self.end(1, state, status)
                done = self.fugle("job", "--nodes=2", "work.sh", "arg", expect=code)
                self.assertEqual((self.fake / "sbatch.1").read_text(), "--parsable\n--nodes=2\nwork.sh\narg\n")
                self.assertIn(f"fugle: job 1 {state}", done.stderr)
                self.assertIn(f"the output of job 1 goes to {self.fake}/slurm-1.out", done.stderr)

    def test_a_script_may_come_by_standard_input(self):
        self.end(1, "COMPLETED")
        self.fugle("job", "--time=5", stdin="#!/bin/sh\necho hello\n")
        self.assertEqual((self.fake / "script.1").read_text(), "#!/bin/sh\necho hello\n")

    def test_the_job_around_it_stays_out_of_the_new_one(self):
        self.end(1, "COMPLETED")
        self.environment |= {"SLURM_JOB_ID": "77", "SLURM_MEM_PER_NODE": "100", "SLURM_CONF": "/etc/slurm.conf",
                             "SBATCH_ACCOUNT": "mine", "FUGLE_ELEMENT": "a", "CUDA_VISIBLE_DEVICES": "3"}
        self.fugle("job", "--wrap", "true")
        seen = dict(line.split("=", 1) for line in (self.fake / "env.1").read_text().splitlines() if "=" in line)
        for name in ("SLURM_JOB_ID", "SLURM_MEM_PER_NODE", "FUGLE_ELEMENT", "CUDA_VISIBLE_DEVICES"):
            self.assertNotIn(name, seen)
        self.assertEqual((seen["SLURM_CONF"], seen["SBATCH_ACCOUNT"]), ("/etc/slurm.conf", "mine"))

    def test_what_sbatch_refuses_is_no_job(self):
        done = self.fugle("job", "--partition=refuse", "--wrap", "true", expect=3)
        self.assertIn("invalid partition specified", done.stderr)
        self.assertIn("no job was submitted", done.stderr)

    def test_without_slurm_it_says_so(self):
        (self.fake / "sbatch").unlink()
        self.environment["PATH"] = f"{self.fake}:/nowhere"
        self.assertIn("there is no sbatch here", self.fugle("job", "--wrap", "true", expect=3).stderr)

    def test_term_cancels_the_job(self):
        process = self.start("job", "--wrap", "sleep 1000")
        poll((self.fake / "squeue.times").exists, what="the first question")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143, output)
        self.assertEqual((self.fake / "cancelled").read_text(), "1\n")

    def test_a_squeue_that_is_down_or_empty_ends_nothing(self):
        for trouble in ("down", "empty"):
            with self.subTest(trouble=trouble):
                (self.fake / "count").unlink(missing_ok=True)
                (self.fake / "state.1").unlink(missing_ok=True)
                (self.fake / trouble).touch()
                process = self.start("job", "--wrap", "sleep 1000")
                asked = self.fake / "squeue.times"
                asked.unlink(missing_ok=True)
                poll(asked.exists, what="a question")
                time.sleep(1)
                self.assertIsNone(process.poll(), "it still waits")
                self.end(1, "COMPLETED")
                (self.fake / trouble).unlink()
                output, _ = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, output)

    def test_tasks_of_a_run_ask_together_and_one_that_is_cancelled_cancels_its_job(self):
        self.write("w.yaml", f"""
version: 1
name: w
tasks:
  job:
    matrix: {{n: [1, 2, 3, 4, 5, 6]}}
    grace: 20s
    run: "{FUGLE} job --wrap 'work ${{{{ matrix.n }}}}'"
""")
        process = self.start("run", "w.yaml", "--local", "-j6")
        poll(lambda: (self.fake / "count").exists() and (self.fake / "count").read_text() == "6\n", what="six jobs")
        run_dir = self.run_dir()
        poll(lambda: len(list(run_dir.glob("child_jobs/wait.*"))) == 6, what="six that wait")
        numbers = {j: (self.fake / f"sbatch.{j}").read_text().split("work ")[1].strip() for j in range(1, 7)}
        victim = 3
        self.fugle("cancel", "w", f"job[{numbers[victim]}]")
        poll((self.fake / "cancelled").exists, what="scancel")
        self.assertEqual((self.fake / "cancelled").read_text(), f"{victim}\n")
        for job in range(1, 7):
            self.end(job, "FAILED" if job == 5 else "COMPLETED", 7 << 8 if job == 5 else 0)
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 1, output)
        states = self.states()
        self.assertEqual(states.pop(f"job[{numbers[victim]}]"), "CANCELLED")
        self.assertEqual(states.pop(f"job[{numbers[5]}]"), "FAILED")
        self.assertEqual(set(states.values()), {"OK"})
        times = [float(t) for t in (self.fake / "squeue.times").read_text().split()]
        self.assertLessEqual(len(times), 6, "one question for all, not one for each")
        self.assertTrue(all(b - a > 1.5 for a, b in zip(times, times[1:])), times)
        self.assertEqual(list(run_dir.glob("child_jobs/wait.*")), [])

    def test_help_says_what_the_exit_codes_mean(self):
        self.assertIn("124 TIMEOUT", self.fugle("job", "--help").stdout)


if __name__ == "__main__":
    main()
