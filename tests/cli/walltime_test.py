"""PEER-17: nothing starts that cannot end before the allocation does."""

import time

from fugle_case import FugleCase, main

THREE = 'version: 1\nname: w\ntasks: {t: {matrix: {i: "1..3"}, ESTIMATE run: sleep 2}}\n'


class Walltime(FugleCase):
    def test_what_does_not_fit_is_left_for_the_next_job(self):
        self.write("w.yaml", THREE.replace("ESTIMATE", "estimate: 2s,"))
        done = self.fugle("run", "w.yaml", "-j1", "--walltime", "5s", "--reserve", "0s", expect=4)
        self.assertRegex(done.stderr + done.stdout, r"does not fit in \S+")
        self.assertEqual(self.states(), {"t[1]": "OK", "t[2]": "OK"})
        why = self.fugle("why", "t[3]").stdout
        self.assertIn("t[3] is READY", why)
        self.assertRegex(why, r"does not fit in \S+")
        self.fugle("resume", "-j1", "--walltime", "5s")
        self.assertEqual(self.states(), {"t[1]": "OK", "t[2]": "OK", "t[3]": "OK"})

    def test_the_reserve_counts_and_the_file_may_say_it(self):
        self.write("w.yaml", THREE.replace("ESTIMATE", "estimate: 2s,") + "reserve: 2s\n")
        self.fugle("run", "w.yaml", "-j1", "--walltime", "5s", expect=4)
        self.assertEqual(self.states(), {"t[1]": "OK"})

    def test_what_earlier_runs_took_counts_where_the_file_says_nothing(self):
        self.write("w.yaml", THREE.replace("ESTIMATE", ""))
        self.fugle("run", "w.yaml", "-j3")
        self.fugle("run", "w.yaml", "-j1", "--walltime", "3s", expect=4)
        # Which one depends on how long each took before, to the millisecond.
        self.assertEqual(list(self.states().values()), ["OK"])

    def test_slurm_says_when_the_job_ends(self):
        self.write("w.yaml", THREE.replace("ESTIMATE", "estimate: 2s,"))
        self.environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": str(int(time.time()) + 63)}
        self.fugle("run", "w.yaml", "-j1", "--reserve", "60s", expect=4)
        self.assertEqual(self.states(), {"t[1]": "OK"})

    def test_a_reserve_that_leaves_nothing_is_refused(self):
        self.write("w.yaml", THREE.replace("ESTIMATE", ""))
        self.assertIn("E304: reserve 5s is not below walltime 5s",
                      self.fugle("run", "w.yaml", "--walltime", "5s", "--reserve", "5s", expect=2).stderr)
        self.fugle("run", "w.yaml", "--walltime", "soon", expect=2)


if __name__ == "__main__":
    main()
