"""A program of the C++ API on a real Slurm: it submits itself, runs over two nodes, is looked at and resumed."""

from slurm_case import FUGLE, SlurmCase, main, poll

PROGRAM = FUGLE.rpartition("/")[0] + "/cpp_program"


class CppSubmit(SlurmCase):
    def setUp(self):
        super().setUp()
        self.environment["CPP_CASE"] = "nodes"

    def program(self, *args, expect=0):
        return self.slurm(PROGRAM, *args, expect=expect)

    def submit(self, *args):
        run, job = self.program("submit", "--nodes", "2", *args).stdout.splitlines()[0].split(": job ")
        return job, run

    def wait_for_where(self):
        """All four are called at once: two on each node of four cores."""
        poll(lambda: all((self.directory / f"where.{i}").exists() for i in range(1, 5)), 60, "four calls")

    def finish(self, job, restarts=0):
        self.write("finish", "")
        self.wait_for_job(job, "COMPLETED", timeout=120)
        self.assertEqual(self.job(job)["Restarts"], str(restarts))
        lines = [line.split() for line in self.read("nodes.txt").splitlines()]
        self.assertEqual([square for _, square in lines], ["1", "4", "9", "16"])
        self.assertEqual({node for node, _ in lines}, {"n1", "n2"}, "results of both nodes")
        self.assertEqual(set(self.states().values()), {"OK"})

    def test_it_submits_itself_and_its_results_cross_nodes(self):
        job, run = self.submit()
        self.wait_for_where()
        self.assertIn("running", self.program("status", job).stdout)
        self.write("go", "")
        self.finish(job)
        self.assertIn("OK", self.program("status", run).stdout)
        self.assertIn("16", self.program("logs", run).stdout)
        self.assertIn("nothing to do", self.program("submit", "--resume", run).stdout)

    def test_a_requeued_job_calls_nothing_twice(self):
        job, _ = self.submit()
        self.write("go", "")
        self.wait_for("held.begun", 60)
        self.slurm("scontrol", "requeue", job)
        poll(lambda: self.read("held.begun") == "xx", 120, "the second life")
        self.finish(job, restarts=1)
        self.assertEqual(self.read("all.calls"), "x", "its result was kept")

    def test_a_cancelled_job_is_submitted_again_by_the_program(self):
        job, run = self.submit()
        self.write("go", "")
        self.wait_for("held.begun", 60)
        self.slurm("scancel", job)
        self.wait_for_job(job, "CANCELLED")
        said = self.program("submit", "--resume", run, "--nodes", "2").stdout
        self.finish(said.splitlines()[0].split(": job ")[1])
        self.assertEqual(self.read("all.calls"), "x", "its result was kept")

    def test_the_dry_run_shows_a_script_with_the_program(self):
        text = self.program("submit", "--dry-run", "--nodes", "2").stdout
        self.assertIn(f"exec {PROGRAM} resume ", text)
        self.assertIn("#SBATCH --nodes=2\n", text)
        self.assertFalse((self.directory / ".fugle").exists())


if __name__ == "__main__":
    main()
