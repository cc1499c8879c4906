"""The README's section on Slurm, followed word for word on the login node."""

import os
import pathlib
import re

from slurm_case import SlurmCase, main

README = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"], "README.md")


class Readme(SlurmCase):
    def section(self):
        return re.search(r"^## In Slurm\n(.*?)^## ", README.read_text(), re.S | re.M)[1]

    def test_the_commands_shown_bring_a_run_to_its_end(self):
        commands = re.search(r"^```\n(.*?)^```", self.section(), re.S | re.M)[1].splitlines()
        self.assertEqual(len(commands), 3)
        for line in commands:
            words = line.split("#")[0].split()
            self.assertEqual(words[0], "fugle")
            said = self.fugle(*words[1:]).stdout
            if words[1] == "submit":
                job = said.splitlines()[0].split(": job ")[1]
        self.wait_for_job(job, "COMPLETED", 90)
        self.assertEqual(self.job(job)["NumNodes"], "4")
        status = self.json_of("status", job)
        self.assertEqual(status["state"], "OK")
        self.assertEqual(len(status["workers"]), 4)
        self.assertTrue(self.fugle("logs", job).stdout)
        self.assertIn("OK", self.fugle("history").stdout)

    def test_a_script_of_ones_own_ends_with_the_line_shown(self):
        self.fugle("init", "mine")
        line = re.search(r"`exec fugle run FILE --requeue auto`", self.section())[0].strip("`").replace("FILE", "mine.yaml")
        folder = pathlib.Path(os.environ["FUGLE_PROGRAM"]).parent
        job = self.sbatch(f"PATH={folder}:$PATH\n{line}", "--nodes=2", "--time=10", "--requeue")
        self.wait_for_job(job, "COMPLETED", 90)
        self.assertEqual(len(self.json_of("status", job)["workers"]), 2)

    def test_options_shown_are_known(self):
        section = re.sub(r"\s+", " ", self.section())
        for command in re.findall(r"`(fugle (?:submit|serve|resume|sbatch) [^`]*)`", section):
            verb = command.split()[1]
            known = self.fugle(verb, "--help", expect=None).stdout
            for option in re.findall(r"(?<= )--[a-z-]+", command):
                with self.subTest(command):
                    self.assertIn(option, known)


if __name__ == "__main__":
    main()
