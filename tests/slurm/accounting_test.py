"""What accounting sees of a run: one job, and a step or two, however many elements there are (HF-05)."""

from slurm_case import SlurmCase, main

FAN = """
version: 1
name: fan
slurm: {nodes: 4, time: 10m}
reserve: 5s
tasks:
  split: {run: "true"}
  f: {matrix: {i: "1..1000"}, needs: [split], run: "hostname >> on.$(hostname)", resources: {mem: 50M}}
  merge: {needs: [f], run: "cat on.* | wc -l > count"}
"""


class Accounting(SlurmCase):
    options = {"accounting": True}

    def test_a_thousand_elements_are_no_steps(self):
        self.write("fan.yaml", FAN)
        job = self.fugle("submit", "fan.yaml").stdout.splitlines()[0].split(": job ")[1]
        self.wait_for_job(job, "COMPLETED", 120)
        self.assertEqual(self.status()["counts"]["ok"], 1002)
        self.assertEqual({path.name for path in self.directory.glob("on.*")}, {f"on.n{i}" for i in range(1, 5)})
        self.assertEqual(self.read("count").strip(), "1000")
        steps = self.accounted_steps(job)
        self.assertIn(f"{job}.0", steps, "the ranks")
        self.assertLess(len(steps), 10, steps)


if __name__ == "__main__":
    main()
