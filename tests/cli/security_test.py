"""Who can read a run, who can command it, and what must never be written down."""

import os
import pathlib
import stat
import subprocess
import unittest

from fugle_case import FUGLE, FugleCase, poll

SLEEPER = "version: 1\nname: w\ntasks:\n  s: {run: 'while [ ! -e go ]; do sleep 0.02; done'}\n"
OTHER_USER = 54321


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def all_below(directory):
    for folder, folders, files in os.walk(directory):
        yield from (pathlib.Path(folder) / name for name in folders + files)


def with_umask(mask):
    return ["sh", "-c", f'umask {mask}; exec "$@"', "sh"]


class Rights(FugleCase):
    def test_a_run_is_its_owners_alone_whatever_the_umask(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'echo x; touch ${{ outputs.o }}', outputs: {o: out/here}}\n")
        self.fugle("run", "w.yaml", "--local", prefix=with_umask("0"))
        self.assertEqual(mode_of(self.directory / ".fugle"), 0o700)
        self.assertEqual(mode_of(self.run_dir()), 0o700)
        for path in all_below(self.run_dir()):
            self.assertEqual(mode_of(path) & 0o077, 0, f"{path} is {mode_of(path):o}")

    def test_tasks_keep_the_umask_of_the_user(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'umask > mask; touch ${{ outputs.o }}', outputs: {o: out/here}}\n")
        self.fugle("run", "w.yaml", "--local", prefix=with_umask("0027"))
        self.assertEqual(self.read("mask").strip(), "0027")
        self.assertEqual(mode_of(self.directory / "out/here"), 0o640)
        self.assertEqual(mode_of(self.directory / "out"), 0o750)

    def test_ranks_keep_it_too(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'umask > mask', matrix: {i: [1, 2]}}\n")
        self.fugle("run", "w.yaml", "-n", "2", prefix=with_umask("0027"))
        self.assertEqual(self.read("mask").strip(), "0027")
        for path in all_below(self.run_dir()):
            self.assertEqual(mode_of(path) & 0o077, 0, f"{path} is {mode_of(path):o}")

    def test_a_group_may_look_when_it_was_asked_for(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'echo x'}\n")
        self.fugle("run", "w.yaml", "--local", "--group", "read")
        for path in [self.run_dir(), *all_below(self.run_dir())]:
            rights = mode_of(path)
            if path.name == "control":
                self.assertEqual(rights, 0o700)
                continue
            self.assertEqual(rights & 0o040, 0o040, f"{path} is {rights:o}")
            self.assertEqual(rights & 0o027, 0, f"{path} is {rights:o}")

    def test_a_group_that_is_not_there_is_a_mistake(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'echo x'}\n")
        self.environment["FUGLE_GROUP"] = "no-such-group"
        self.assertIn("no group 'no-such-group'", self.fugle("run", "w.yaml", "--local", expect=2).stderr)
        self.assertFalse((self.directory / ".fugle").exists())


@unittest.skipUnless(os.geteuid() == 0, "only root can be two users")
class Others(FugleCase):
    """Another user: this test gives files away, or runs the program as somebody else."""

    def setUp(self):
        super().setUp()
        self.write("w.yaml", "version: 1\nname: w\ntasks:\n  t: {run: 'echo said'}\n  f: {run: 'false'}\n")

    def as_other(self, *args, group=OTHER_USER):
        def become():
            os.setgroups([])
            os.setgid(group)
            os.setuid(OTHER_USER)

        return subprocess.run([FUGLE, *map(str, args)], cwd="/", env=self.environment, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, preexec_fn=become, check=False)

    def test_the_run_of_another_user_is_not_resumed(self):
        self.fugle("run", "w.yaml", "--local", expect=1)
        os.chown(self.run_dir(), OTHER_USER, OTHER_USER)
        before = sorted(path.name for path in all_below(self.run_dir()))
        done = self.fugle("resume", "--local", expect=3)
        self.assertIn(f"belongs to {OTHER_USER}", done.stderr)
        self.assertEqual(sorted(path.name for path in all_below(self.run_dir())), before)

    def test_reading_verbs_say_whose_run_it_is(self):
        self.fugle("run", "w.yaml", "--local", expect=1)
        os.chown(self.run_dir(), OTHER_USER, OTHER_USER)
        for verb in ("status", "why", "logs", "report"):
            self.assertIn(f"belongs to {OTHER_USER}", self.fugle(verb).stderr, verb)

    def test_a_stranger_reads_nothing(self):
        self.fugle("run", "w.yaml", "--local", expect=1)
        os.chmod(self.directory, 0o755)
        for verb in ("status", "logs", "why", "history", "cancel"):
            done = self.as_other(verb, self.run_dir())
            self.assertIn(done.returncode, (2, 3), verb)
            self.assertNotIn("said", done.stdout)

    def test_a_member_of_the_group_looks_and_does_not_command(self):
        self.write("w.yaml", SLEEPER)
        process = self.start("run", "w.yaml", "--local", "--group", "read")
        self.wait_for_run()
        poll(lambda: self.states().get("s") == "RUNNING", what="the task")
        os.chmod(self.directory, 0o755)
        looked = self.as_other("status", self.run_dir(), group=os.getegid())
        self.assertEqual(looked.returncode, 0, looked.stderr)
        refused = self.as_other("cancel", self.run_dir(), group=os.getegid())
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
        self.assertIn("belongs to root", refused.stderr)
        self.write("go", "")
        process.wait(30)
        self.assertEqual(process.returncode, 0)

    def test_a_command_of_another_user_is_not_obeyed(self):
        self.write("w.yaml", SLEEPER)
        process = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        planted = self.run_dir() / "control" / "1.command"
        draft = self.run_dir() / "control" / ".x.draft"
        draft.write_text("cancel\n\nmallory@n1\n")
        os.chown(draft, OTHER_USER, OTHER_USER)
        os.rename(draft, planted)
        poll(lambda: (self.run_dir() / "control" / "1.command.refused").exists(), what="the refusal")
        self.write("go", "")
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, output)
        self.assertIn(f"belongs to {OTHER_USER}", output)


class Secrets(FugleCase):
    MARKER = "s3cr3t-4711-marker"

    def assert_nowhere(self):
        for path in all_below(self.run_dir()):
            if path.is_file():
                self.assertNotIn(self.MARKER.encode(), path.read_bytes(), path)

    def command_lines(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    found.append((entry / "cmdline").read_bytes())
                except OSError:
                    pass
        return found

    def check(self, *where):
        self.environment["MY_TOKEN"] = self.MARKER
        self.write("w.yaml", SLEEPER.replace("while", 'test "$MY_TOKEN" = "$(cat expected)" || exit 3; while'))
        self.write("expected", self.MARKER)
        process = self.start("run", "w.yaml", *where)
        self.wait_for_run()
        poll(lambda: self.states().get("s") == "RUNNING", what="the task")
        self.assertFalse([line for line in self.command_lines() if self.MARKER.encode() in line])
        self.write("go", "")
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, output)
        self.assertNotIn(self.MARKER, output)
        self.assert_nowhere()

    def test_a_variable_reaches_the_task_and_no_file_or_command_line(self):
        self.check("--local")

    def test_nor_with_ranks(self):
        self.check("-n", "2")


class Ports(FugleCase):
    def sockets_of(self, pids):
        inodes = set()
        for pid in pids:
            try:
                for entry in os.listdir(f"/proc/{pid}/fd"):
                    target = os.readlink(f"/proc/{pid}/fd/{entry}")
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
            except OSError:
                pass
        return inodes

    def family(self, process):
        """The process and what descends from it."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as text:
                        parents[int(entry)] = int(text.read().rpartition(")")[2].split()[1])
                except OSError:
                    pass
        family = {process.pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            if not more:
                return family
            family |= more

    def test_a_local_run_opens_no_socket_of_the_network(self):
        self.write("w.yaml", SLEEPER)
        process = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.states().get("s") == "RUNNING", what="the task")
        own = self.sockets_of(self.family(process))
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
            path = pathlib.Path("/proc/net") / table
            if path.exists():
                lines = [line.split() for line in path.read_text().splitlines()[1:]]
                self.assertFalse([line for line in lines if line[9] in own], table)
        listening = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]]
        self.assertFalse([line for line in listening if line[6] in own and line[3] == "00010000"], "listening")
        self.write("go", "")
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
