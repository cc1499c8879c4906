"""The cluster of the drills is what they take it for."""

import os
import signal
import subprocess
import sys
from unittest import mock

import slurm_case
from lab import Cluster, Settings
from lab.processes import find
from slurm_case import HERE, SlurmCase, poll


class ClusterTest(SlurmCase):
    def test_four_nodes_with_names_gpus_switches_and_directories_of_their_own(self):
        on_all = ["srun", "--nodes=4", "--ntasks-per-node=1", "--gres=gpu:2", "sh", "-c"]
        self.slurm(*on_all, "touch /tmp/of.$(hostname) seen.$(hostname)")
        said = self.slurm(*on_all, "echo $(hostname) $(ls /tmp | grep --count ^of) $CUDA_VISIBLE_DEVICES")
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

    def test_a_cluster_whose_command_line_is_not_there_yet_is_waited_for(self):
        with mock.patch("lab.cluster.find", return_value=[]):
            cluster = Cluster(Settings(self.directory, nodes=1))
            cluster.start(dies_with_us=True)
            cluster.stop()
        self.assertEqual(find(["init-controller", str(self.directory)]), [])

    def test_nothing_is_left_of_a_cluster_whose_test_was_killed(self):
        program = ("import sys, time; from lab import Cluster, Settings; import pathlib\n"
                   f"Cluster(Settings(pathlib.Path({str(self.directory)!r}), nodes=1)).start(dies_with_us=True)\n"
                   "print('up', flush=True); time.sleep(600)")
        test = subprocess.Popen([sys.executable, "-B", "-c", program], cwd=HERE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(test.stdout.readline(), "up\n")
        self.assertEqual(len(find(["init-controller", str(self.directory)])), 1)
        os.kill(test.pid, signal.SIGKILL)
        test.communicate()
        poll(lambda: not find(["init-controller", str(self.directory)]), what="the end of the cluster")

    def test_the_controller_can_be_restarted(self):
        job = self.sbatch("sleep 2; echo done")
        self.wait_for_job(job, "RUNNING")
        self.cluster.stop_controller()
        self.cluster.start_controller()
        self.wait_for_job(job, "COMPLETED")
        self.assertEqual(self.output_of(job), "done\n")


class AccountingTest(SlurmCase):
    options = {"accounting": True, "cgroups": os.path.isdir("/sys/fs/cgroup/memory")}

    def test_sacct_knows_the_steps_and_memory_is_held(self):
        hog = "srun --mem=100 python3 -c 'bytearray(300 << 20)'"
        job = self.sbatch(f"srun --ntasks=1 true; {hog}; echo $?", "--mem=1000")
        self.wait_for_job(job, {"COMPLETED", "OUT_OF_MEMORY"})
        steps = self.accounted_steps(job)
        self.assertEqual(set(steps), {f"{job}.batch", f"{job}.0", f"{job}.1"})
        self.assertEqual(steps[f"{job}.0"], "COMPLETED")
        if self.options["cgroups"]:
            self.assertEqual(steps[f"{job}.1"], "OUT_OF_MEMORY")


if __name__ == "__main__":
    slurm_case.main()
