"""MPI tasks among many small ones in a real Slurm, and tasks of several nodes beside each other: who has which cores,
by the run's own records, and what srun is told and hears.

Nodes claim 4 CPUs each, whatever this machine has, so a description of 4 cores is given to the run: its attempts are
told which of them are theirs (FUGLE_CPUS), and nothing is bound.
"""

import re

from slurm_case import BUILD, SlurmCase, main, numbers, poll

RANKS = BUILD / "tests" / "mpi-programs" / "ranks"
LINE = re.compile(r"rank (\d+) of (\d+) host (\S+) cpus (\S+)")
NUM_PAIRS, NUM_ONES = 12, 80
LAUNCHERS_VARIABLE = re.compile(r"^(?:OMPI|PMIX|PMI)_\w+(?==)", re.M)

# Records what it is told and what it hears, then is the real one.
RECORDING_SRUN = """#!/bin/bash
[[ $1 == --mpi=list ]] || { echo "$*"; env; } > "$RECORDS/$(hostname).$$"
exec /usr/bin/srun "$@"
"""


class MpiMix(SlurmCase):
    options = {"nodes": 2, "accounting": True, "pmix_bug": True}

    def run_in_job(self, tasks):
        """Starts `fugle run` in a job of both nodes, with an srun that records itself. Returns the job."""
        (self.directory / "records").mkdir()
        self.write("bin/srun", RECORDING_SRUN).chmod(0o755)
        # Two real cores play many: ranks give way while they wait.
        self.write("w.yaml", f"version: 1\nname: w\nenv: {{OMPI_MCA_mpi_yield_when_idle: '1'}}\ntasks:\n{tasks}")
        return self.sbatch('export PATH="$PWD/bin:$PATH" RECORDS="$PWD/records"\nexec $FUGLE run w.yaml', "--nodes=2",
                           "--exclusive", "--ntasks-per-node=1", "--cpus-per-task=4",
                           environment={"FUGLE": str(BUILD / "bin" / "fugle"), "HWLOC_SYNTHETIC": "pack:1 core:4 pu:1",
                                        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})

    def log_of(self, element):
        return self.fugle("logs", "w", element).stdout

    def ranks_of(self, element):
        """[(node, CPUs)] of its ranks."""
        return [(host, numbers(cpus)) for _, _, host, cpus in LINE.findall(self.log_of(element))]

    def assert_no_core_is_leased_twice(self, cores):
        """cores: {element: {(node, core)}}."""
        free_at = {}
        for attempt in sorted(self.attempts(), key=lambda attempt: attempt["start_ns"]):
            for core in cores[attempt["element"]]:
                self.assertLessEqual(free_at.get(core, 0), attempt["start_ns"], f"{core} of {attempt['element']}")
                free_at[core] = attempt["end_ns"]
        self.assertEqual(set(free_at), {(node, core) for node in ("n1", "n2") for core in range(4)})

    def test_mpi_tasks_among_small_ones_share_no_core_come_first_and_leave_no_step(self):
        job = self.run_in_job(f"""
  one: {{matrix: {{i: "1..{NUM_ONES}"}}, run: "echo $(hostname) $FUGLE_CPUS > cpus.${{{{ matrix.i }}}}"}}
  pair: {{matrix: {{i: "1..{NUM_PAIRS}"}}, priority: 5, resources: {{ranks: 2}}, run: [{RANKS}, leave]}}
""")
        self.wait_for_job(job, "COMPLETED", 180)
        cores = {}
        for i in range(1, NUM_ONES + 1):
            node, cpus = self.read(f"cpus.{i}").split()
            cores[f"one[{i}]"] = {(node, core) for core in numbers(cpus)}
        self.assertEqual({len(own) for own in cores.values()}, {1}, "beside ranks one core is bound")
        for i in range(1, NUM_PAIRS + 1):
            ranks = self.ranks_of(f"pair[{i}]")
            self.assertEqual([len(cpus) for _, cpus in ranks], [1, 1])
            cores[f"pair[{i}]"] = {(node, core) for node, cpus in ranks for core in cpus}
            self.assertEqual((len(cores[f"pair[{i}]"]), len({node for node, _ in ranks})), (2, 1))
        self.assert_no_core_is_leased_twice(cores)

        begun = sorted(self.attempts(), key=lambda attempt: attempt["start_ns"])
        self.assertEqual([attempt["element"][:4] for attempt in begun[:4]], ["pair"] * 4, "as many as there is room for")
        for node in ("n1", "n2"):
            kinds = [attempt["element"].partition("[")[0] for attempt in begun if attempt["node"] == node]
            self.assertEqual(kinds, sorted(kinds, reverse=True), f"what has the higher priority comes first on {node}")
        self.assertEqual(self.steps(job), [])
        steps = self.accounted_steps(job)
        self.assertLess(len(steps), NUM_PAIRS + 10, steps)
        self.assertNotIn("RUNNING", steps.values())

    def test_tasks_over_both_nodes_at_once_have_host_files_of_their_own_lease(self):
        wait = "until test -e go; do sleep 0.1; done"
        job = self.run_in_job(f"""
  four: {{resources: {{nodes: 2, ranks: 4}}, run: "cp $FUGLE_HOSTFILE hosts.four; ${{{{ launcher }}}} {RANKS} wait go"}}
  two: {{resources: {{nodes: 2, ranks: 2}}, run: "cp $FUGLE_HOSTFILE hosts.two; ${{{{ launcher }}}} {RANKS} wait go"}}
  none: {{resources: {{nodes: 2}}, run: "echo cpus $FUGLE_CPUS; cp $FUGLE_HOSTFILE hosts.none; {wait}"}}
""")
        # Whole host files of all three while none of them ends: they run at the same time.
        lines = lambda: [path.read_text().count("\n") for path in self.directory.glob("hosts.*")]  # noqa: E731
        poll(lambda: lines() == [2, 2, 2], 120, "three tasks at a time")
        self.write("go", "")
        self.wait_for_job(job, "COMPLETED", 120)

        slots = {name: dict(re.findall(r"^(\S+) slots=(\d+)$", self.read(f"hosts.{name}"), re.M))
                 for name in ("four", "two", "none")}
        self.assertEqual(slots, {"four": {"n1": "2", "n2": "2"}, "two": {"n1": "1", "n2": "1"},
                                 "none": {"n1": "1", "n2": "1"}})
        leader = self.read("hosts.none").split()[0]
        taken = [(leader, core) for core in numbers(re.search(r"^cpus (\S+)$", self.log_of("none"), re.M)[1])]
        for name in ("four", "two"):
            ranks = self.ranks_of(name)
            self.assertEqual(sorted(node for node, _ in ranks),
                             sorted(node for node, count in slots[name].items() for _ in range(int(count))))
            taken += [(node, core) for node, cpus in ranks for core in cpus]
        self.assertEqual(len(taken), 7)
        self.assertEqual(len(set(taken)), 7, f"a core is leased twice: {sorted(taken)}")
        self.assert_steps_are_told_all()

    def assert_steps_are_told_all(self):
        """HF-06 and HF-01: of each step of a task, as srun itself was called."""
        records = {}
        for path in (self.directory / "records").iterdir():
            words, _, variables = path.read_text().partition("\n")
            if name := re.search(r"--job-name=(four|two) ", words):
                records[name[1]] = (words, variables)
        self.assertEqual(set(records), {"four", "two"})
        for name, (words, variables) in records.items():
            for word in ("--nodes=2", f"--ntasks={4 if name == 'four' else 2}", "--cpus-per-task=1", "--exact",
                         "--overlap"):
                self.assertIn(f" {word} ", words)
            self.assertRegex(words, r" --mem=\d+M? ")
            self.assertRegex(variables, r"(?m)^SRUN_CPUS_PER_TASK=1$")
            self.assertEqual({variable for variable in LAUNCHERS_VARIABLE.findall(variables)}, {
                "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_mpi_yield_when_idle"}, "the user's")


if __name__ == "__main__":
    main()
