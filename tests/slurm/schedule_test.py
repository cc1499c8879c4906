"""CON-15: a schedule on a cluster without scrontab is a chain of small jobs; each firing starts one run."""

import time

from slurm_case import SlurmCase, main, poll

FLOW = """
version: 1
name: minutely
slurm: {time: 5m}
triggers: [{schedule: "* * * * *"}]
tasks: {a: {run: date}}
"""


class Schedules(SlurmCase):
    def links(self):
        said = self.slurm("squeue", "--noheader", "--name=fugle-minutely", "--format=%i %T").stdout
        return [line.split() for line in said.splitlines()]

    def runs(self):
        """Those whose event is known: it is noted when the job has been submitted."""
        return [row for row in self.json_of("history") if row["workflow"] == "minutely" and row["event"]]

    def test_every_minute_starts_two_runs_and_a_lost_link_is_repaired(self):
        self.write("w.yaml", FLOW)
        self.assertIn("minutely: next ", self.fugle("submit", "w.yaml").stdout)
        self.assertEqual([state for _, state in self.links()], ["PENDING"])
        rows = poll(lambda: (lambda r: r if len(r) >= 2 else None)(self.runs()), 200, "two runs")
        events = {row["event"] for row in rows}
        self.assertEqual(len(events), len(rows), "one run for each firing")
        self.assertTrue(all(event.endswith(":00Z") for event in events), events)

        # The chain is cut; the same command mends it, and there is one chain.
        for job, _ in self.links():
            self.slurm("scancel", job)
        poll(lambda: not self.links(), 30, "the end of the chain")
        self.fugle("submit", "w.yaml")
        self.fugle("submit", "w.yaml")
        poll(lambda: len([state for _, state in self.links() if state == "PENDING"]) == 1, 20, "one link")

        self.fugle("submit", "--unschedule", "w.yaml")
        poll(lambda: not self.links(), 30, "the end of the chain")
        self.assertNotIn("schedules", self.fugle("history").stdout)
        count = len(self.runs())
        time.sleep(2)
        self.assertEqual(len(self.runs()), count)


if __name__ == "__main__":
    main()
