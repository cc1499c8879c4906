"""Jobs of one runs directory beside each other: secrets that come to them, groups that wait for each other, outputs."""

import os

from slurm_case import SlurmCase, main

TOKEN = "tok-4f9Qz-hunter2-secret"

GROUP = """version: 1
name: w
slurm: {time: 10m}
reserve: 5s
concurrency: {group: g, when_busy: %s}
params: {p: "1"}
tasks:
  a:
    outputs: {o: "out.${{ params.p }}"}
    run: "touch began.${{ params.p }}; while ! test -e go; do sleep 0.2; done; touch ${{ outputs.o }}"
"""


class Beside(SlurmCase):
    def submit(self, *args):
        """Submits; returns (job, run)."""
        said = self.fugle("submit", *args).stdout
        run, job = said.splitlines()[0].split(": job ")
        return job, run

    def test_secrets_come_to_all_nodes_of_a_job_and_are_written_nowhere(self):
        self.write("w.yaml", """version: 1
name: w
slurm: {time: 10m}
reserve: 5s
secrets: [TOKEN]
tasks:
  a: {foreach: "1..16", secrets: [TOKEN], run: "test ${#TOKEN} = %d; echo $TOKEN; sleep 0.1"}
  b: {needs: [a], run: "test -z ${TOKEN-}"}
""" % len(TOKEN))
        self.environment["TOKEN"] = TOKEN
        job, run = self.submit("w.yaml", "--nodes", "2")
        self.wait_for_job(job, {"COMPLETED"}, 90)
        self.environment.pop("TOKEN")
        self.assertEqual(self.json_of("status", run)["state"], "OK")
        self.assertIn("***", self.fugle("logs", run, "a[3]").stdout)
        self.write("s", f"TOKEN={TOKEN}\n").chmod(0o600)
        job, run = self.submit("w.yaml", "--nodes", "2", "--secrets-file", "s")
        self.wait_for_job(job, {"COMPLETED"}, 90)
        self.assertEqual(self.json_of("status", run)["state"], "OK")
        for folder, _, files in os.walk(self.directory / ".fugle"):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(TOKEN.encode(), file.read(), name)

    def test_of_a_group_the_next_job_waits_for_the_one_before(self):
        self.write("w.yaml", GROUP % "queue")
        first, run = self.submit("w.yaml")
        self.wait_for("began.1", 60)
        done = self.fugle("submit", "w.yaml", "-p", "p=2")
        self.assertIn(f"group 'g': position 1 in the queue (run {run} first)", done.stderr)
        second = done.stdout.splitlines()[0].split(": job ")[1]
        self.assertFalse((self.directory / "began.2").exists())
        self.write("go", "")
        for job in (first, second):
            self.wait_for_job(job, {"COMPLETED"}, 90)
        self.assertTrue((self.directory / "out.2").exists())

    def test_a_busy_group_or_a_file_that_a_living_run_writes_is_refused_before_there_is_a_job(self):
        self.write("w.yaml", GROUP % "skip")
        first, run = self.submit("w.yaml")
        self.wait_for("began.1", 60)
        self.assertIn(f"skipped: run {run} is of group 'g' too", self.fugle("submit", "w.yaml", "-p", "p=2").stdout)
        self.write("w.yaml", GROUP % "fail")
        self.fugle("submit", "w.yaml", "-p", "p=2", expect=5)
        self.write("w.yaml", (GROUP % "fail").replace("concurrency: {group: g, when_busy: fail}\n", ""))
        done = self.fugle("submit", "w.yaml", expect=5)
        self.assertIn(f"run {run} runs now and writes {self.directory}/out.1 too", done.stderr)
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)
        self.write("go", "")
        self.wait_for_job(first, {"COMPLETED"}, 90)


if __name__ == "__main__":
    main()
