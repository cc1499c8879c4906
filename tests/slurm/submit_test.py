"""fugle submit on a real Slurm: the whole way from an empty directory, and the run and its job found from each other."""

import json
import shutil

from slurm_case import SlurmCase, main, poll

FAN = """version: 1
name: fan
slurm: {time: 10m}
reserve: 5s
tasks:
  f: {matrix: {i: "1..%d"}, run: "%s", outputs: {o: "out/${{ matrix.i }}"}, resources: {mem: 50M}}
"""
WRITE = "sleep %s; hostname > nodes.${{ index }}; echo ${{ matrix.i }} > ${{ outputs.o }}"


class Submit(SlurmCase):
    def submit(self, *args):
        """Submits; returns (job, run)."""
        said = self.fugle("submit", *args).stdout
        run, job = said.splitlines()[0].split(": job ")
        return job, run

    def output_of(self, job):
        """Of a job of fugle submit: in its run directory."""
        return "".join(path.read_text(errors="replace") for path in self.directory.glob(f".fugle/*/slurm-{job}.out"))

    def wait_ok(self, job, timeout=90.0):
        return self.wait_for_job(job, {"COMPLETED"}, timeout)

    def outputs(self):
        return {path.name: path.read_bytes() for path in (self.directory / "out").iterdir()}

    def test_from_an_empty_directory_in_three_commands(self):
        self.fugle("init", "demo")
        job, _ = self.submit("demo.yaml")
        self.wait_ok(job)
        self.assertEqual(self.json_of("status", job)["state"], "OK")
        on_slurm = self.outputs()
        self.assertEqual(len(on_slurm), 6)
        for place in (["--local"], ["-n", 4]):
            shutil.rmtree(self.directory / "out")
            self.fugle("run", "demo.yaml", *place)
            self.assertEqual(self.outputs(), on_slurm, place)

    def test_all_nodes_work(self):
        self.write("fan.yaml", FAN % (200, "until [ ${{ index }} -lt 20 ] || [ -e go ]; do sleep 0.2; done; " + WRITE % "0.05"))
        job, run = self.submit("fan.yaml", "--nodes", "4")
        poll(lambda: sum(worker["alive"] for worker in self.json_of("status", run)["workers"]) == 4, 60, "four workers")
        self.write("go", "")
        self.wait_ok(job)
        status = self.json_of("status", run)
        self.assertEqual((status["state"], status["counts"]["ok"]), ("OK", 200))
        self.assertEqual({path.read_text().strip() for path in self.directory.glob("nodes.*")}, {"n1", "n2", "n3", "n4"})
        self.assertEqual({path.read_text() for path in (self.directory / "out").iterdir()},
                         {f"{i}\n" for i in range(1, 201)})
        self.assertEqual([life["job"] for life in self.json_of("history", run)], [job])

    def test_a_held_job_is_found_from_its_run_and_can_be_taken_back(self):
        self.write("fan.yaml", FAN % (4, WRITE % "0"))
        job, run = self.submit("fan.yaml", "--hold")
        status = self.json_of("status", job)
        self.assertEqual((status["run"], status["state"]), (run, "QUEUED"))
        self.assertEqual((status["jobs"][0]["job"], status["jobs"][0]["state"]), (job, "PENDING"))
        self.assertIn("JobHeld", status["jobs"][0]["reason"])
        self.assertIn("QUEUED", self.fugle("why", job, "f[2]").stdout)
        self.assertIn(job, self.fugle("cancel", run).stdout)
        self.wait_for_job(job, {"CANCELLED"})
        self.assertEqual(self.json_of("status", job)["state"], "CANCELLED")

    def test_a_running_one_is_seen_read_and_cancelled_by_its_job(self):
        self.write("fan.yaml", FAN % (8, "echo hello ${{ matrix.i }}; " + WRITE % "600"))
        job, run = self.submit("fan.yaml", "--nodes", "2")
        poll(lambda: self.json_of("status", job)["counts"]["running"] == 8, 60, "eight elements running")
        status = self.json_of("status", job)
        self.assertEqual(status["state"], "RUNNING")
        self.assertEqual(status["jobs"][0]["state"], "RUNNING")
        self.assertTrue(status["jobs"][0]["end"])
        self.assertIn("hello 3", self.fugle("logs", job, "f[3]").stdout)
        self.fugle("cancel", job)
        self.wait_for_job(job)
        self.assertEqual(self.json_of("status", run)["state"], "CANCELLED")
        self.assertEqual(self.job(job)["ExitCode"], "130:0")
        self.assertEqual(self.slurm("squeue", "--noheader").stdout, "")

    def test_words_after_the_dashes_win_and_a_dry_run_leaves_nothing(self):
        self.write("fan.yaml", FAN % (4, WRITE % "0"))
        self.fugle("submit", "fan.yaml", "--dry-run")
        self.assertFalse((self.directory / ".fugle").exists())
        job, _ = self.submit("fan.yaml", "--nodes", "3", "--", "--nodes=2", "--job-name=mine")
        self.wait_ok(job)
        self.assertEqual((self.job(job)["NumNodes"], self.job(job)["JobName"]), ("2", "mine"))

    def test_a_refused_submission_leaves_nothing(self):
        self.write("fan.yaml", FAN % (4, WRITE % "0"))
        said = self.fugle("submit", "fan.yaml", "--partition", "nowhere", expect=3).stderr
        self.assertIn("invalid partition", said)
        self.assertEqual(list(self.directory.glob(".fugle/*")), [])

    def test_auto_knows_the_nodes(self):
        text = FAN % (16, WRITE % "0")
        self.write("fan.yaml", text.replace("resources:", "estimate: 10m, resources:").replace("{time: 10m}", "{qos: ''}")
                   .replace("slurm: {qos: ''}\n", ""))
        said = self.fugle("submit", "fan.yaml", "--auto", "--hold").stderr
        self.assertIn("--auto: 4 nodes of 4 cores", said)

    def test_the_script_works_by_hand_and_on_another_number_of_nodes(self):
        self.write("fan.yaml", FAN % (200, WRITE % "0.2"))
        job, run = self.submit("fan.yaml", "--nodes", "2")
        poll(lambda: self.json_of("status", run)["counts"]["ok"] >= 60, 90, "sixty elements")
        self.slurm("scancel", job)
        self.wait_for_job(job, {"CANCELLED"})
        done = {a["element"] for a in self.json_of("history", run, "--attempts") if a["state"] == "OK"}
        self.assertLess(len(done), 200)
        again = self.slurm("sbatch", "--parsable", "--nodes=4", self.directory / ".fugle" / run / "job.sh").stdout.strip()
        self.wait_ok(again)
        attempts = self.json_of("history", run, "--attempts")
        repeated = {e for e in done if sum(a["element"] == e for a in attempts) > 1}
        self.assertEqual(repeated, set())
        self.assertEqual(self.json_of("status", again)["counts"]["ok"], 200)
        self.assertEqual([life["job"] for life in self.json_of("history", run)], [job, again])
        self.assertEqual(len(json.loads(self.fugle("history", "--json").stdout)), 1)


if __name__ == "__main__":
    main()
