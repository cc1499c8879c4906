"""Functions that several workers call together, over the ranks of one host."""

import pathlib
import subprocess

from fugle_case import FUGLE, FugleCase, main

PROGRAM = pathlib.Path(FUGLE).parent / "party_program"


class Parties(FugleCase):
    def run_party(self, case, *args, expect=0, prefix=()):
        self.environment["PARTY_CASE"] = case
        done = subprocess.run([*prefix, PROGRAM, *map(str, args)], cwd=self.directory, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_a_thousand_attempts_of_one_to_four_ranks_are_each_with_their_own(self):
        self.run_party("thousand", "-n", 4, "-j", 2)
        states = self.states()
        self.assertEqual(len(states), 1001)
        self.assertEqual(set(states.values()), {"OK"})
        self.assertEqual(self.fugle("logs", "sum").stdout, f"the sum is {(1 + 2 + 3 + 4) * 250 * 251 // 2}\n")

    def test_under_a_plain_mpirun_too(self):
        self.run_party("thousand", prefix=["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", "4"])
        self.assertEqual(set(self.states().values()), {"OK"})

    def test_more_ranks_than_there_are_is_said_before_the_run_and_the_rest_runs(self):
        done = self.run_party("thousand", "-n", 3, "-j", 1, expect=4)
        self.assertIn("task four needs 4 workers, 3 can hold it; start as many ranks (-n 4); 250 elements cannot run",
                      done.stderr)
        states = self.states()
        self.assertEqual({states["one[1]"], states["two[250]"], states["three[7]"]}, {"OK"})
        self.assertFalse([name for name in states if name.startswith("four")])
        self.assertEqual(self.status()["counts"]["ready"], 250)

    def test_where_one_rank_throws_the_attempt_fails_with_what_it_said_and_the_run_goes_on(self):
        done = self.run_party("broken", "-n", 3, "-j", 1, expect=1)
        self.assertEqual(self.states(), {"broken": "FAILED", "after": "OK"})
        self.assertIn("rank 1 does not want to", done.stdout + done.stderr)
        lines = self.fugle("logs", "broken").stdout.splitlines()
        self.assertEqual(sorted(line for line in lines if line.startswith("rank")),
                         ["rank 0 is here", "rank 1 is here", "rank 2 is here"])

    def test_where_one_rank_dies_the_others_are_not_held_and_the_attempt_is_made_again(self):
        self.run_party("lost", "-n", 4, "-j", 1)
        self.assertEqual(self.states(), {"lossy": "OK"})
        self.assertIn("lost", self.fugle("history", "--events").stdout.lower())


if __name__ == "__main__":
    main()
