"""Inside an allocation, however fugle was started there: every node is used, and only what was granted."""

import json

from slurm_case import FUGLE, SlurmCase, main

# What a task computes is in out/, where it ran in seen/. None ends before as many hosts as the file `hosts` says have one:
# however late a rank comes, there is work left for it.
FAN = """
version: 1
name: fan
tasks:
  fan:
    matrix: {i: "1..12"}
    run: |
      mkdir -p out seen
      echo "square of ${{ matrix.i }} is $(( ${{ matrix.i }} * ${{ matrix.i }} ))" > ${{ outputs.file }}
      echo "$(hostname) $SLURM_JOB_ID" > seen/${{ matrix.i }}
      for _ in {1..300}; do
        [ "$(cut -d' ' -f1 seen/* | sort -u | wc -l)" -ge "$(cat hosts 2> hosts.log || echo 1)" ] && break
        sleep 0.2
      done
    outputs: {file: "out/${{ matrix.i }}"}
  all: {needs: [fan], run: "cat $(ls out/[0-9]* | sort -V) > result"}
"""


class Allocation(SlurmCase):
    def setUp(self):
        super().setUp()
        self.write("fan.yaml", FAN)

    def want_hosts(self, number):
        self.write("hosts", f"{number}\n")

    def hosts(self):
        return {file.read_text().split()[0] for file in self.directory.glob("seen/*")}

    def workers(self):
        return [(worker["node"], worker["cores"]) for worker in self.status()["workers"]]

    def run_job(self, script, *options, state="COMPLETED"):
        job = self.sbatch(script, "--time=5", *options)
        self.wait_for_job(job, state, timeout=120)
        return job

    def test_a_script_uses_every_node_and_leaves_nothing_behind(self):
        nodes = ["n1", "n2", "n3", "n4"]

        def listening():
            return {node: self.on(node, "cat", "/proc/net/tcp", "/proc/net/tcp6").stdout.count(" 0A ") for node in nodes}
        self.want_hosts(4)
        before = listening()
        self.run_job(f"{FUGLE} run fan.yaml", "--nodes=4", "--ntasks-per-node=2")
        self.assertEqual(self.hosts(), set(nodes))
        self.assertEqual(sorted(self.workers()), [(node, 2) for node in nodes])
        for node in nodes:
            self.assertEqual(self.processes_on(node, "fugle"), [], node)
        self.assertEqual(listening(), before)

    def test_outputs_are_those_of_one_process_and_of_mpirun(self):
        results = []
        for command in (f"{FUGLE} run --local fan.yaml", f"{FUGLE} run fan.yaml", f"{FUGLE} run --launcher mpirun fan.yaml",
                        f"srun --mpi=pmix --overlap {FUGLE} run fan.yaml", f"mpirun --map-by ppr:1:node {FUGLE} run fan.yaml"):
            self.want_hosts(1 if "--local" in command else 2)
            self.run_job(f"rm -rf out seen result; {command}", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=3")
            results.append({path.name: path.read_bytes() for path in [self.directory / "result",
                                                                    *self.directory.glob("out/*")]})
            with self.subTest(command=command):
                self.assertEqual(results[-1], results[0])
                self.assertEqual(self.hosts(), {"n1"} if "--local" in command else {"n1", "n2"})
                self.assertEqual({cores for _, cores in self.workers()}, {3})
        self.assertEqual(len(results[0]), 13)

    def test_typed_in_salloc_on_the_login_node_and_in_its_shell_on_the_first_node(self):
        self.want_hosts(2)
        self.slurm("salloc", "--nodes=2", "--ntasks-per-node=2", FUGLE, "run", "fan.yaml", timeout=120)
        self.assertEqual(self.hosts(), {"n1", "n2"})
        self.slurm("rm", "-rf", "seen")
        self.slurm("script", "--quiet", "--return", "--command", "salloc --nodes=2 --ntasks-per-node=2", "/dev/null",
                   stdin=f"{FUGLE} run fan.yaml\nexit\n", timeout=120)
        self.assertEqual(self.hosts(), {"n1", "n2"})

    def test_several_processes_without_mpi_are_refused(self):
        job = self.run_job(f"srun --overlap {FUGLE} run fan.yaml", "--nodes=2", "--ntasks-per-node=2", state="FAILED")
        self.assertIn("srun --mpi=pmix", self.output_of(job))
        self.assertEqual(self.job(job)["ExitCode"], "3:0")
        self.assertEqual(list(self.directory.glob(".fugle/*")), [])

    def test_two_ranks_on_a_node_share_what_was_granted(self):
        self.run_job(f"srun --mpi=pmix --overlap --ntasks=4 --ntasks-per-node=2 {FUGLE} run fan.yaml", "--nodes=2",
                     "--ntasks-per-node=4")
        self.assertEqual(sorted(self.workers()), [("n1", 2), ("n1", 2), ("n2", 2), ("n2", 2)])

    def test_elements_of_an_array_are_runs_of_their_own(self):
        job = self.sbatch(f"mkdir -p $SLURM_ARRAY_TASK_ID; cd $SLURM_ARRAY_TASK_ID; {FUGLE} run --runs-dir ../runs ../fan.yaml",
                          "--array=1-2", "--nodes=2", "--ntasks-per-node=1", "--time=5")
        for element in ("1", "2"):
            self.wait_for_job(f"{job}_{element}", "COMPLETED", timeout=120)
        self.assertEqual((self.directory / "1/result").read_bytes(), (self.directory / "2/result").read_bytes())
        jobs = [{path.read_text().split()[1] for path in self.directory.glob(f"{element}/seen/*")} for element in "12"]
        self.assertEqual([len(ids) for ids in jobs], [1, 1])
        self.assertNotEqual(jobs[0], jobs[1])
        self.assertEqual(len(list(self.directory.glob("runs/*/run.json"))), 2)

    def test_all_components_of_a_heterogeneous_job_are_used(self):
        self.want_hosts(3)
        job = self.sbatch(f"{FUGLE} run fan.yaml", "--time=5", "--nodes=1", "--ntasks=1", "--cpus-per-task=4", ":", "--nodes=2",
                          "--ntasks-per-node=1", "--cpus-per-task=1")
        self.wait_for_job(job, "COMPLETED", timeout=120)
        self.assertEqual(sorted(cores for _, cores in self.workers()), [1, 1, 4])
        self.assertEqual(len(self.hosts()), 3)

    def test_on_a_shared_node_no_more_runs_than_was_granted(self):
        self.write("tight.yaml", """
version: 1
name: tight
tasks:
  t: {matrix: {i: "1..8"}, run: "date +%s%N > began.${{ matrix.i }}; sleep 0.4; date +%s%N > ended.${{ matrix.i }}"}
""")
        self.run_job(f"{FUGLE} run tight.yaml", "--nodes=1", "--ntasks=1", "--cpus-per-task=2", "--mem=600")
        self.assertEqual(self.workers(), [("n1", 2)])
        moments = []
        for i in range(1, 9):
            moments += [(int(self.read(f"began.{i}")), 1), (int(self.read(f"ended.{i}")), -1)]
        running = most = 0
        for _, change in sorted(moments):
            running += change
            most = max(most, running)
        self.assertEqual(most, 2)

    def test_memory_and_gpus_are_those_of_the_job(self):
        self.write("gpu.yaml", """
version: 1
name: gpu
tasks:
  g: {matrix: {i: "1..4"}, resources: {gpus: 1}, run: "sleep 0.5; echo $(hostname) $CUDA_VISIBLE_DEVICES > gpu.${{ matrix.i }}"}
""")
        self.run_job(f"{FUGLE} run gpu.yaml", "--nodes=2", "--ntasks-per-node=2", "--gres=gpu:2")
        self.assertEqual(sorted(path.read_text().strip() for path in self.directory.glob("gpu.[0-9]")),
                         ["n1 0", "n1 1", "n2 0", "n2 1"])
        self.write("large.yaml", "version: 1\nname: large\ntasks: {t: {run: 'true', resources: {mem: 2G}}}\n")
        job = self.run_job(f"{FUGLE} run large.yaml", "--nodes=2", "--ntasks-per-node=1", "--mem=600", state="FAILED")
        self.assertIn("largest node has 600.0M", self.output_of(job))

    def test_a_workflow_inside_a_task_stays_inside_it(self):
        self.write("outer.yaml", f"""
version: 1
name: outer
tasks:
  outer:
    resources: {{cores: 2}}
    run: "mkdir -p inner && cd inner && {FUGLE} run ../fan.yaml && {FUGLE} status --json > ../inner.json"
""")
        self.run_job(f"{FUGLE} run outer.yaml", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=4")
        inner = json.loads(self.read("inner.json"))
        self.assertEqual([worker["cores"] for worker in inner["workers"]], [2])
        self.assertEqual(inner["state"], "OK")

    def test_a_job_submitted_from_inside_a_step_is_not_taken_for_that_step(self):
        self.want_hosts(2)
        self.write("inner.sh", f"#!/bin/bash\n{FUGLE} run fan.yaml\n")
        self.run_job("srun --mpi=pmix --ntasks=1 --overlap sbatch --wait --nodes=2 --ntasks-per-node=1 --output=inner.out "
                     "inner.sh", "--nodes=1", "--ntasks=1")
        self.assertEqual(len(self.hosts()), 2)

    def test_doctor_says_what_the_job_has(self):
        job = self.run_job(f"{FUGLE} doctor", "--nodes=2", "--ntasks-per-node=2", "--gres=gpu:1")
        said = self.output_of(job)
        self.assertIn(f"inside job {job} on n[1-2]", said)
        self.assertIn("2 CPUs here of 4 in all", said)
        self.assertIn("srun --mpi=pmix, one rank on each of 2 nodes", said)
        self.assertRegex(said, r"job end +\d{4}-\d\d-\d\dT[0-9:]+Z, in [45]m")


if __name__ == "__main__":
    main()
