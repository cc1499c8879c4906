"""fugle submit with stand-ins for Slurm's commands: the script, what sbatch is told, what is left behind."""

import json
import os
import stat

from fugle_case import FugleCase, main

WORKFLOW = """version: 1
name: sweep
slurm: {account: atm1, nodes: 3, time: 2h, extra: [--switches=1]}
tasks:
  work: {matrix: {i: "1..4"}, run: 'echo ${{ matrix.i }} > ${{ outputs.o }}', outputs: {o: "o${{ matrix.i }}"}}
"""
SBATCH = """#!/bin/bash
printf '%s\\n' "$@" > "$STAND_IN/sbatch.args"
cp "${@: -1}" "$STAND_IN/script"
env > "$STAND_IN/sbatch.env"
echo "${STAND_IN_JOB:-4711};lab"
"""
SQUEUE = """#!/bin/bash
echo "$0 $*" >> "$STAND_IN/asked"
[ -f "$STAND_IN/answer" ] && cat "$STAND_IN/answer" || exit 1
"""
SINFO = "#!/bin/bash\n[ -f $STAND_IN/sinfo ] && cat $STAND_IN/sinfo || exit 1\n"


class Submit(FugleCase):
    def setUp(self):
        super().setUp()
        self.bin = self.directory / "bin"
        self.bin.mkdir()
        self.stand_in("sbatch", SBATCH)
        self.stand_in("scontrol", SQUEUE)
        self.stand_in("squeue", SQUEUE)
        self.stand_in("sinfo", SINFO)
        self.stand_in("scancel", '#!/bin/bash\necho "$*" > "$STAND_IN/scancelled"\n')
        self.notes = self.directory / "notes"
        self.notes.mkdir()
        for name in list(self.environment):
            if name.startswith(("SLURM", "SBATCH")):
                del self.environment[name]
        self.environment |= {"PATH": f"{self.bin}:{self.environment['PATH']}", "STAND_IN": str(self.notes)}
        self.write("w.yaml", WORKFLOW)

    def stand_in(self, name, text):
        path = self.bin / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def said_to_sbatch(self):
        return (self.notes / "sbatch.args").read_text().splitlines()

    def script(self):
        return (self.run_dir() / "job.sh").read_text()

    def runs(self):
        return list(self.directory.glob(".fugle/*/run.json"))

    def test_the_run_is_there_at_once_with_its_script(self):
        said = self.fugle("submit", "w.yaml").stdout
        run = self.run_dir().name
        self.assertIn(f"{run}: job 4711\n", said)
        for line in ("fugle status 4711", "fugle logs -f 4711", "fugle cancel 4711"):
            self.assertIn(line, said)
        for line in ("#SBATCH --account=atm1", "#SBATCH --nodes=3", "#SBATCH --time=02:00:00", "#SBATCH --switches=1",
                     "#SBATCH --signal=B:USR1@120", f"#SBATCH --chdir={self.directory}"):
            self.assertIn(line + "\n", self.script())
        self.assertIn(f"fugle resume {self.run_dir()} --requeue auto \"$@\"\n", self.script())
        self.assertEqual(self.said_to_sbatch()[-1], str(self.run_dir() / "job.sh"))
        self.assertTrue(os.access(self.run_dir() / "job.sh", os.X_OK))

    def test_a_submitted_run_is_queued_and_sound(self):
        self.fugle("submit", "w.yaml")
        status = self.status()
        self.assertEqual(status["state"], "QUEUED")
        self.assertEqual(status["counts"]["ready"], 4)
        self.assertEqual([job["job"] for job in status["jobs"]], ["4711"])
        self.assertIsNone(status["jobs"][0]["state"])  # nobody answers, and nothing is made up
        self.assertIn("job 4711", self.fugle("status", "4711").stdout)
        self.assertIn("the run is QUEUED", self.fugle("why", "4711", "work[1]").stdout)
        self.fugle("doctor", self.run_dir().name)
        self.assertEqual(self.fugle("logs", "4711").stdout, "")

    def test_the_script_carries_the_run_out(self):
        self.fugle("submit", "w.yaml")
        run = self.run_dir().name
        self.fugle("resume", run, "--local")
        self.assertEqual(self.status()["state"], "OK")
        self.assertEqual(self.read("o3"), "3\n")
        self.assertEqual(len(self.runs()), 1)

    def test_command_line_wins_over_the_file_and_words_after_the_dashes_win_over_all(self):
        self.fugle("submit", "w.yaml", "--nodes", "5", "--partition", "short", "--time", "30m", "--", "--nodes=2",
                   "-x", "n7", "--begin=now+1hour")
        for line in ("--nodes=2", "--partition=short", "--time=00:30:00", "-xn7"):
            self.assertIn(f"#SBATCH {line}\n", self.script())
        self.assertNotIn("--nodes=5", self.script())
        self.assertNotIn("--begin", self.script())  # another job of the run is not to wait again
        self.assertIn("--begin=now+1hour", self.said_to_sbatch())

    def test_a_dry_run_shows_all_and_leaves_nothing(self):
        said = self.fugle("submit", "w.yaml", "--dry-run", "--hold").stdout
        self.assertIn("#SBATCH --nodes=3\n", said)
        self.assertIn("# sbatch --parsable --hold ", said)
        self.assertEqual(self.runs(), [])
        self.assertFalse((self.directory / ".fugle").exists())
        self.assertFalse((self.notes / "sbatch.args").exists())

    def test_what_sbatch_refuses_is_not_left_behind(self):
        self.stand_in("sbatch", "#!/bin/bash\necho 'sbatch: error: invalid partition specified: nope' >&2\nexit 1\n")
        said = self.fugle("submit", "w.yaml", "--partition", "nope", expect=3).stderr
        self.assertIn("invalid partition specified: nope", said)
        self.assertIn("sinfo", said)
        self.assertEqual(self.runs(), [])
        self.assertEqual(list(self.directory.glob(".fugle/*")), [])

    def test_without_slurm_it_is_said_what_to_do(self):
        for name in ("sbatch", "sinfo"):
            (self.bin / name).unlink()
        (self.bin / "bash").symlink_to("/bin/bash")
        self.environment["PATH"] = str(self.bin)
        said = self.fugle("submit", "w.yaml", expect=3).stderr
        self.assertIn("there is no sbatch", said)
        self.assertIn("fugle run", said)
        self.assertEqual(list(self.directory.glob(".fugle/*")), [])

    def test_tasks_that_fit_on_no_node_of_the_partition_are_refused(self):
        (self.notes / "sinfo").write_text("main*|4|4|4000|gpu:2|infinite|1-infinite\nbig|1|64|9000|(null)|1:00:00|1\n")
        self.write("big.yaml", "version: 1\nname: big\ntasks: {a: {run: x, resources: {cores: 8}}}\n")
        self.assertIn("E302: task a needs 8 cores, largest node has 4", self.fugle("submit", "big.yaml", expect=2).stderr)
        self.fugle("submit", "big.yaml", "--partition", "big")
        self.write("gpu.yaml", "version: 1\nname: gpu\ntasks: {a: {run: x, resources: {gpus: 1}}}\n")
        self.assertIn("E302: task a needs 1 gpu, the job would have none",
                      self.fugle("submit", "gpu.yaml", expect=2).stderr)
        self.fugle("submit", "gpu.yaml", "--gpus-per-node", "1")
        self.assertIn("#SBATCH --gpus-per-node=1\n", self.script())

    def test_auto_takes_the_smallest_size_near_the_best(self):
        (self.notes / "sinfo").write_text("main*|16|4|4000|(null)|1:00:00|1-infinite\n")
        self.write("fan.yaml", "version: 1\nname: fan\ntasks:\n"
                               "  f: {matrix: {i: '1..32'}, run: 'true', estimate: 10m}\n")
        said = self.fugle("submit", "fan.yaml", "--auto").stderr
        self.assertIn("--auto: 8 nodes of 4 cores", said)
        self.assertIn("#SBATCH --nodes=8\n", self.script())
        # 10 minutes and a quarter, and the reserve of two minutes
        self.assertIn("#SBATCH --time=00:15:00\n", self.script())
        self.fugle("submit", "fan.yaml", "--auto", "-N", "1")
        self.write("long.yaml", "version: 1\nname: long\ntasks: {a: {run: 'true', estimate: 5h}}\n")
        self.assertIn("goes on in further jobs", self.fugle("submit", "long.yaml", "--auto").stderr)
        self.assertIn("#SBATCH --time=01:00:00\n", self.script())

    def test_what_slurm_says_of_a_queued_job_is_shown(self):
        self.fugle("submit", "w.yaml")
        (self.notes / "answer").write_text(
            "JobId=4711 JobName=sweep\n   UserId=u(1) GroupId=u(1) MCS_label=N/A\n"
            "   JobState=PENDING Reason=Priority Dependency=(null)\n   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0\n"
            "   StartTime=Unknown EndTime=Unknown Deadline=N/A\n   NodeList=\n\n")
        self.assertIn("job 4711  PENDING (Priority)", self.fugle("status").stdout)
        self.assertIn("job 4711 is PENDING (Priority)", self.fugle("why", "4711", "work[1]").stdout)
        asked = (self.notes / "asked").read_text().splitlines()
        self.assertEqual(len(asked), 2)

    def test_cancel_of_a_queued_run_takes_its_job_back(self):
        self.fugle("submit", "w.yaml")
        self.assertIn("fugle submit --resume", self.fugle("cancel", "4711").stdout)
        self.assertEqual((self.notes / "scancelled").read_text().strip(), "4711")
        self.assertEqual(self.status()["state"], "CANCELLED")
        self.fugle("cancel", "4711", expect=1)
        self.environment["STAND_IN_JOB"] = "4712"
        self.fugle("submit", "--resume", self.run_dir().name, "--nodes", "2")
        self.assertEqual(self.status()["state"], "QUEUED")
        self.assertIn("#SBATCH --nodes=2\n", self.script())
        self.assertIn("--requeue auto --retry-failed", self.script())
        self.assertEqual(self.fugle("status", "4711").stdout.split()[0], self.fugle("status", "4712").stdout.split()[0])

    def test_several_jobs_share_one_script(self):
        self.stand_in("sbatch", SBATCH.replace("${STAND_IN_JOB:-4711}", "$$"))
        self.fugle("submit", "w.yaml", "--jobs", "3", "--nodes", "1")
        jobs = [json.loads(line) for line in (self.run_dir() / "jobs.jsonl").read_text().splitlines()]
        self.assertEqual([job["kind"] for job in jobs], ["campaign"] * 3)
        self.assertEqual(len({job["job"] for job in jobs}), 3)
        self.assertIn("--requeue auto --join \"$@\"", self.script())

    def test_a_chain_is_made_of_new_jobs(self):
        self.fugle("submit", "w.yaml", "--chain")
        self.assertIn("#SBATCH --requeue\n", self.script())  # for nodes that die
        self.assertIn("--requeue chain \"$@\"", self.script())

    def test_nothing_of_a_job_around_us_reaches_the_new_one(self):
        self.environment |= {"SLURM_JOB_ID": "12", "SLURM_NNODES": "4", "SBATCH_ACCOUNT": "mine", "MY_OWN": "yes"}
        self.fugle("submit", "w.yaml")
        environment = (self.notes / "sbatch.env").read_text()
        self.assertNotIn("SLURM_JOB_ID", environment)
        self.assertIn("SBATCH_ACCOUNT=mine\n", environment)
        self.assertIn("MY_OWN=yes\n", environment)

    def test_arrays_are_refused(self):
        self.assertIn("matrix", self.fugle("submit", "w.yaml", "--", "--array=1-4", expect=2).stderr)


if __name__ == "__main__":
    main()
