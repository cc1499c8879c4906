"""CON-17: a run after another run, each in a job of its own."""

from slurm_case import SlurmCase, main, poll

FIRST = """
version: 1
name: first
slurm: {time: 10m}
tasks: {a: {run: "while [ ! -e go ]; do sleep 0.2; done; exit $(cat go)"}}
"""
SECOND = """
version: 1
name: second
slurm: {time: 10m}
tasks: {b: {run: touch ran}}
"""


class AfterRun(SlurmCase):
    def submit(self, name, text, *options):
        self.write(f"{name}.yaml", text)
        return self.fugle("submit", f"{name}.yaml", *options).stdout.split("job ")[1].split()[0]

    def let_go(self, code):
        self.write("draft", str(code))
        (self.directory / "draft").rename(self.directory / "go")

    def test_it_begins_when_the_other_is_ok(self):
        first = self.submit("a", FIRST)
        second = self.submit("b", SECOND, "--after", "first")
        self.wait_for_job(first, "RUNNING")
        self.assertEqual(self.job(second)["JobState"], "PENDING")
        self.assertIn(f"afterany:{first}", self.job(second)["Dependency"])
        self.let_go(0)
        self.wait_for_job(second, "COMPLETED", 90)
        self.assertTrue((self.directory / "ran").exists())
        self.assertEqual({row["workflow"]: row["state"] for row in self.json_of("history")},
                         {"first": "OK", "second": "OK"})

    def test_it_does_not_stay_pending_when_the_other_failed(self):
        first = self.submit("a", FIRST)
        second = self.submit("b", SECOND + "triggers: [{run: first, state: ok}]\n")
        self.let_go(1)
        self.wait_for_job(first, "FAILED", 60)
        facts = self.wait_for_job(second, "FAILED", 90)
        self.assertEqual(facts["ExitCode"], "1:0")
        self.assertFalse((self.directory / "ran").exists())
        self.assertRegex(self.fugle("history").stdout,
                         r"CANCELLED.*second-.*\(not run: first-\S+ ended FAILED, wanted ok\)")
        self.assertEqual(self.json_of("status", "second")["state"], "CANCELLED")

    def test_it_waits_for_the_next_job_of_the_other(self):
        first = self.submit("a", FIRST)
        second = self.submit("b", SECOND, "--after", "first")
        self.wait_for_job(first, "RUNNING")
        poll(lambda: self.json_of("status", "first")["state"] == "RUNNING", 60, "the first run")
        self.slurm("scancel", first)
        self.wait_for_job(first, "CANCELLED", 60)
        third = self.fugle("submit", "--resume", "first").stdout.split("job ")[1].split()[0]
        self.wait_for_job(second, "FAILED", 90)  # it handed over: exit code 4
        jobs = poll(lambda: [line.split() for line in self.slurm("squeue", "--noheader", "--format=%i %E").stdout
                             .splitlines() if f"afterany:{third}" in line], 30, "the job that waits on")
        self.let_go(0)
        self.wait_for_job(jobs[0][0], "COMPLETED", 90)
        self.assertTrue((self.directory / "ran").exists())


if __name__ == "__main__":
    main()
