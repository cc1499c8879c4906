"""Nodes that die under a run, and a controller that does."""

from slurm_case import FUGLE, SlurmCase, main, poll


class NodeLoss(SlurmCase):
    def fan(self, num=40):
        """The first sixteen take two seconds each, the others wait for the file `go`."""
        self.write("fan.yaml", f"""
version: 1
name: fan
tasks:
  fan:
    matrix: {{i: 1..{num}}}
    run: "sleep 2; until [ ${{{{ matrix.i }}}} -le 16 ] || [ -e go ]; do sleep 0.2; done; touch done.${{{{ matrix.i }}}}"
""")

    def let_go(self):
        self.write("go", "")

    def wait_for_some(self):
        poll(lambda: len(list(self.directory.glob("done.*"))) > 2, 60, "the first elements")

    def expect_each_ok_once(self, num=40):
        ok = [attempt["element"] for attempt in self.attempts() if attempt["state"] == "OK"]
        self.assertEqual(len(ok), num)
        self.assertEqual(len(set(ok)), num)

    def test_a_crashed_node_costs_what_it_ran(self):
        self.fan()
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--nodes=4", "--no-kill", "--time=10")
        self.wait_for_some()
        self.cluster.crash("n3")
        self.let_go()
        try:
            self.wait_for_job(job, "COMPLETED", timeout=180)
        finally:
            self.cluster.boot("n3")
        self.expect_each_ok_once()

    def test_a_crashed_first_node_takes_the_job_with_it_and_the_run_goes_on_in_the_next_start(self):
        self.fan()
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--nodes=2", "--nodelist=n1,n2", "--no-kill",
                          "--requeue", "--time=10")
        self.wait_for_some()
        self.cluster.crash("n1")
        self.let_go()
        self.cluster.boot("n1")
        poll(lambda: self.job(job).get("Restarts") == "1", 120, "the requeue")
        self.wait_for_job(job, "COMPLETED", timeout=180)
        self.expect_each_ok_once()

    def test_a_killed_slurmd_does_not_disturb(self):
        self.fan(30)
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--nodes=3", "--no-kill", "--time=10",
                          "--nodelist=n1,n2,n4")
        self.wait_for_some()
        self.cluster.kill_slurmd("n2")
        self.let_go()
        try:
            self.wait_for_job(job, "COMPLETED", timeout=180)
        finally:
            self.cluster.start_slurmd("n2")
        self.expect_each_ok_once(30)

    def test_a_controller_that_restarts_changes_nothing(self):
        self.fan(24)
        job = self.sbatch(f"exec {FUGLE} run fan.yaml", "--nodes=2", "--time=10")
        self.wait_for_some()
        self.cluster.stop_controller()
        poll(lambda: len(list(self.directory.glob("done.*"))) > 8, 60, "more elements without a controller")
        self.cluster.start_controller()
        self.let_go()
        self.wait_for_job(job, "COMPLETED", timeout=120)
        self.expect_each_ok_once(24)


if __name__ == "__main__":
    main()
