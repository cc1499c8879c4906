"""Slurm's signals: scancel, preemption, and those that mean nothing to us."""

from slurm_case import FUGLE, SlurmCase, main, poll

NODES = ["n1", "n2", "n3", "n4"]


class Signals(SlurmCase):
    def fan(self):
        """All but the first four wait for the file `go`."""
        self.write("fan.yaml", """
version: 1
name: fan
tasks:
  fan:
    matrix: {i: 1..24}
    run: "until [ ${{ matrix.i }} -le 4 ] || [ -e go ]; do sleep 0.21; done; touch done.${{ matrix.i }}"
""")

    def let_go(self):
        self.write("go", "")

    def wait_for_some(self):
        poll(lambda: len(list(self.directory.glob("done.*"))) > 2, 60, "the first elements")

    def expect_each_ok_once(self, num=24):
        ok = [attempt["element"] for attempt in self.attempts() if attempt["state"] == "OK"]
        self.assertEqual(len(ok), num)
        self.assertEqual(len(set(ok)), num)

    def test_scancel_leaves_no_orphan_and_a_run_that_goes_on(self):
        self.fan()
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--nodes=3", "--time=10")
        self.wait_for_some()
        self.slurm("scancel", job)
        self.wait_for_job(job, "CANCELLED", timeout=60)
        for node in NODES:
            poll(lambda: not self.processes_on(node, "sleep 0.21|fugle"), 20, f"no process on {node}")
        self.assertEqual(self.status()["state"], "INCOMPLETE")
        classes = {a["class"] for a in self.attempts() if a["state"] != "OK"}
        self.assertLessEqual(classes, {"preempted"}, "what Slurm killed has not failed")
        self.assertEqual(self.fugle("doctor", self.run_dir()).returncode, 0)
        self.let_go()
        again = self.sbatch(f"exec {FUGLE} resume", "--nodes=2", "--time=10")
        self.wait_for_job(again, "COMPLETED", timeout=90)
        self.expect_each_ok_once()

    def test_signals_for_others_do_no_harm(self):
        self.fan()
        job = self.sbatch(f"exec {FUGLE} run fan.yaml", "--nodes=2", "--time=10")
        self.wait_for_some()
        for signal in ("USR1", "USR2"):
            self.slurm("scancel", "--batch", f"--signal={signal}", job)
        self.let_go()
        self.wait_for_job(job, "COMPLETED", timeout=90)
        self.expect_each_ok_once()

    def test_a_preempted_job_goes_on_when_it_gets_its_nodes_back(self):
        self.fan()
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--partition=low", "--nodes=4", "--requeue",
                          "--exclusive", "--time=10")
        self.wait_for_some()
        other = self.sbatch("sleep 2", "--partition=high", "--nodes=4", "--exclusive", "--time=1")
        self.wait_for_job(other, "COMPLETED", timeout=60)
        self.let_go()
        self.wait_for_job(job, "COMPLETED", timeout=120)
        self.assertEqual(self.job(job)["Restarts"], "1")
        self.expect_each_ok_once()
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)


if __name__ == "__main__":
    main()
