"""Cores and memory are never promised twice, and chains and fans cost little: seen in the history of real runs."""

import collections
import random

from fugle_case import FugleCase, main


def mem_total_mib():
    with open("/proc/meminfo") as meminfo:
        return int(meminfo.readline().split()[1]) // 1024


class Capacity(FugleCase):
    def random_load(self, seed, num_tasks, max_cores):
        """Tasks with random cores, memory, length and needs; returns {element: (cores, MiB)}."""
        numbers = random.Random(seed)
        total = mem_total_mib()
        tasks, requests = [], {}
        for i in range(num_tasks):
            cores = numbers.randint(1, max_cores)
            mem = numbers.choice([1, total // 10, total // 5])
            needs = sorted(numbers.sample(range(i), min(i, numbers.choice([0, 0, 1, 2]))))
            requests[f"t{i}"] = (cores, mem)
            tasks.append(f"  t{i}: {{needs: [{', '.join(f't{n}' for n in needs)}], "
                         f"resources: {{cores: {cores}, mem: {mem}M}}, run: sleep 0.0{numbers.randint(0, 5)}}}")
        self.write("load.yaml", "version: 1\nname: load\ntasks:\n" + "\n".join(tasks) + "\n")
        return requests

    def expect_never_above(self, requests, cores, mem):
        """At each start, the sum over what ran on that worker; an end at the same instant counts before the start."""
        steps = collections.defaultdict(list)
        for a in self.attempts():
            steps[a["worker"]].append((a["end_ns"], 0, a["element"]))
            steps[a["worker"]].append((a["start_ns"], 1, a["element"]))
        busiest = 0
        for worker, changes in steps.items():
            used_cores = used_mem = 0
            for _, is_start, element in sorted(changes):
                sign = 1 if is_start else -1
                used_cores += sign * requests[element][0]
                used_mem += sign * requests[element][1]
                self.assertLessEqual(used_cores, cores, f"cores of worker {worker}")
                self.assertLessEqual(used_mem, mem, f"memory of worker {worker}")
                busiest = max(busiest, used_cores)
        return busiest

    def test_a_random_load_never_gets_more_than_there_is(self):
        requests = self.random_load(seed=30, num_tasks=120, max_cores=4)
        self.fugle("run", "load.yaml", "--local", "-j4")
        self.assertEqual(self.expect_never_above(requests, 4, mem_total_mib()), 4)
        self.assertEqual(self.status()["counts"]["ok"], 120)

    def test_no_rank_gets_more_than_its_share(self):
        requests = self.random_load(seed=31, num_tasks=80, max_cores=2)
        self.fugle("run", "load.yaml", "-n", "2", "-j2")
        self.assertEqual(self.expect_never_above(requests, 2, mem_total_mib() // 2), 2)
        self.assertEqual(self.status()["counts"]["ok"], 80)


class Costs(FugleCase):
    def test_a_chain_of_a_thousand_costs_nearly_nothing_per_hop(self):
        """CON-12 asks for 5 ms; a machine that others use as well is given four times that."""
        self.write("chain.yaml", "version: 1\nname: chain\ntasks:\n  t0: {run: [\"true\"]}\n" + "".join(
            f"  t{i}: {{needs: [t{i - 1}], run: [\"true\"]}}\n" for i in range(1, 1000)))
        self.fugle("run", "chain.yaml", "--local")
        attempts = self.attempts()
        self.assertEqual([a["element"] for a in attempts], [f"t{i}" for i in range(1000)])
        per_hop_ms = (attempts[-1]["end_ns"] - attempts[0]["start_ns"]) / 1e6 / 999
        self.assertLess(per_hop_ms, 20)

    def test_a_fan_of_five_hundred_reaches_every_worker(self):
        self.write("fan.yaml", """
version: 1
name: fan
tasks:
  split: {run: ["true"]}
  part: {needs: [split], matrix: {i: "1..500"}, run: ["true"]}
  merge: {needs: [part], run: ["true"]}
""")
        self.fugle("run", "fan.yaml", "-n", "4", "-j1", "--dedicated-head")
        per_worker = collections.Counter(a["worker"] for a in self.attempts())
        self.assertEqual(set(per_worker), {1, 2, 3})
        self.assertGreater(min(per_worker.values()), 50)


if __name__ == "__main__":
    main()
