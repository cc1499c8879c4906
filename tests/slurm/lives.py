"""What drills share whose runs take several jobs: when a life has begun, and how to end it soon."""

import json

from slurm_case import SOURCE, poll

STEPS = SOURCE / "tests" / "slurm" / "steps.py"


class Lives:
    """Beside SlurmCase."""

    def limit(self, job, restarts, seconds):
        """Once the job runs for that time (0: first), it has so many seconds left."""
        self.wait_for_incarnation(job, restarts)
        self.wait_for_life(restarts + 1)
        self.slurm("scontrol", "update", f"JobId={job}", f"EndTime=now+{seconds}")
        self.slurm("scancel", "--batch", "--signal=USR1", job)  # look at once, not within half a minute

    def wait_for_life(self, number):
        def lives():
            try:
                return [entry["kind"] for entry in self.jobs_of_run()].count("started")
            except (ValueError, OSError):
                return 0
        poll(lambda: lives() >= number, 60, f"life {number}")

    def wait_for_incarnation(self, job, restarts):
        poll(lambda: (facts := self.job(job)).get("JobState") == "RUNNING" and facts["Restarts"] == str(restarts), 90,
             f"restart {restarts} of job {job}: {self.job(job)}")

    def jobs_of_run(self):
        return [json.loads(line) for line in (self.run_dir() / "jobs.jsonl").read_text().splitlines()]
