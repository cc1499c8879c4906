"""The cluster of the drills is what they take it for."""

import slurm_case
from slurm_case import SlurmCase, poll


class ClusterTest(SlurmCase):
    def test_four_nodes_with_names_gpus_switches_and_directories_of_their_own(self):
        said = self.slurm("srun", "--nodes=4", "--ntasks-per-node=1", "--gres=gpu:2", "sh", "-c",
                          "touch /tmp/mine seen.$(hostname); echo $(hostname) $(ls /tmp | wc -l) $CUDA_VISIBLE_DEVICES")
        self.assertEqual(sorted(said.stdout.splitlines()), [f"n{i} 1 0,1" for i in (1, 2, 3, 4)])
        self.assertEqual(len(list(self.directory.glob("seen.n*"))), 4)
        topology = self.slurm("scontrol", "show", "topology").stdout
        self.assertIn("SwitchName=leaf2 Level=0 LinkSpeed=1 Nodes=n3,n4", topology)
        features = self.slurm("sinfo", "--noheader", "--partition=main", "--format=%N %f").stdout
        self.assertIn("rack1,ssd", features)

    def test_a_job_is_requeued_and_keeps_its_output(self):
        job = self.sbatch("echo life ${SLURM_RESTART_COUNT:-0}; [ -n \"$SLURM_RESTART_COUNT\" ] || sleep 60", "--requeue")
        poll(lambda: (self.directory / f"{job}.out").exists(), what="the first life")
        self.slurm("scontrol", "requeue", job)
        self.wait_for_job(job, "COMPLETED")
        self.assertEqual(self.output_of(job).split("\n")[0], "life 0")
        self.assertIn("life 1", self.output_of(job))

    def test_a_node_without_power_is_seen_and_comes_back(self):
        self.cluster.crash("n4")
        self.assertIsNone(self.cluster.first("n4"))
        poll(lambda: "down" in self.slurm("sinfo", "--noheader", "--nodes=n4", "--format=%T").stdout, 40, "n4 down")
        self.cluster.boot("n4")
        poll(lambda: self.cluster.is_up(), 30, "n4 back")
        self.assertEqual(self.slurm("srun", "--nodelist=n4", "hostname").stdout, "n4\n")

    def test_a_preempted_job_makes_room_at_once(self):
        low = self.sbatch("sleep 100", "--partition=low", "--nodes=4", "--exclusive", "--no-requeue")
        self.wait_for_job(low, "RUNNING")
        self.slurm("srun", "--partition=high", "--nodes=4", "true", timeout=30)
        self.wait_for_job(low, "PREEMPTED")

    def test_another_user_has_jobs_too(self):
        self.assertEqual(self.slurm("srun", "id", "-un", user="nobody").stdout, "nobody\n")

    def test_the_controller_can_be_restarted(self):
        job = self.sbatch("sleep 2; echo done")
        self.wait_for_job(job, "RUNNING")
        self.cluster.stop_controller()
        self.cluster.start_controller()
        self.wait_for_job(job, "COMPLETED")
        self.assertEqual(self.output_of(job), "done\n")


if __name__ == "__main__":
    slurm_case.main()
