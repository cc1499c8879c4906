"""Reading verbs on run directories whose files are damaged, or made to do harm: each ends with a word about it, and
never crashes, hangs or takes the machine's memory. FUGLE_HOSTILE_CASES says how many kinds of damage are tried at random
(40), FUGLE_HOSTILE_SEED which."""

import gzip
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

from fugle_case import FUGLE, FugleCase

try:
    import h5py
    import numpy
except ImportError:
    h5py = None

WORKFLOW = r"""
version: 1
name: w
tasks:
  prepare: {run: 'echo prepared; echo > ${{ outputs.o }}', outputs: {o: made}}
  solve: {needs: [prepare], run: 'echo "solving ${{ matrix.i }}"; test ${{ matrix.i }} != 3', matrix: {i: [1, 2, 3]}}
  after: {needs: [solve], run: 'echo never'}
"""
VERBS = (["status"], ["logs"], ["why"], ["history"], ["history", "--events"], ["report"], ["doctor"])
FILES = ("run.json", "plan.0.h5", "journal.0.h5", "live.h5", "snapshot.h5", "run.h5", "run.lock", "logs/worker-0.log",
         "logs/worker-0.idx")
MEMORY = 3 << 30


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def changed(change):
    """A kind of damage that changes the bytes of a file."""
    def damage(path, rng):
        data = bytearray(path.read_bytes())
        change(data, rng)
        os.chmod(path, 0o600)
        path.write_bytes(data)
    return damage


def replaced(make):
    """A kind of damage that puts something else in the place of a file."""
    def damage(path, rng):
        remove(path)
        make(path, rng)
    return damage


def cut(data, rng):
    del data[rng.randrange(len(data) + 1):]


def flip(data, rng):
    for _ in range(rng.choice((1, 1, 4, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_early(data, rng):
    """Where the metadata is."""
    for _ in range(rng.choice((1, 2, 8))):
        if data:
            data[rng.randrange(min(len(data), 4096))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def zero_page(data, rng):
    at = rng.randrange(max(1, len(data))) & ~4095
    data[at:at + 4096] = bytes(min(4096, max(0, len(data) - at)))


def noise(data, rng):
    data[:] = rng.randbytes(rng.choice((0, 1, 100, 10000)))


def grow(path, rng):
    path.write_bytes(b"")
    os.truncate(path, 1 << rng.choice((32, 40)))


BYTES = {"cut": cut, "flip": flip, "flip_early": flip_early, "zero_page": zero_page, "noise": noise}
PLACES = {
    "deleted": lambda path, rng: None,
    "fifo": lambda path, rng: os.mkfifo(path),
    "directory": lambda path, rng: path.mkdir(),
    "endless_link": lambda path, rng: path.symlink_to("/dev/zero"),
    "loop": lambda path, rng: path.symlink_to(path.name),
    "link_out": lambda path, rng: path.symlink_to("/etc/passwd"),
    "huge": grow,
}
DAMAGES = {**{name: changed(change) for name, change in BYTES.items()},
           **{name: replaced(make) for name, make in PLACES.items()}}


class HostileCase(FugleCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="fugle-hostile-", ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.holder.cleanup)
        cls.base = pathlib.Path(cls.holder.name)
        (cls.base / "w.yaml").write_text(WORKFLOW)
        done = subprocess.run([FUGLE, "run", "w.yaml", "--local", "-j", "2"], cwd=cls.base, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 1, done.stderr
        cls.golden = next(cls.base.glob(".fugle/*/run.json")).parent

    def setUp(self):
        super().setUp()
        self.run = self.directory / "runs" / self.golden.name
        shutil.copytree(self.golden, self.run)

    def read(self, verb):
        """One verb on the run as it is now; fails unless it ends decently."""
        def bound():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        # A sanitizer needs address space without end.
        limit = None if os.environ.get("FUGLE_SANITIZED") else bound
        try:
            done = subprocess.run([FUGLE, verb[0], str(self.run), *verb[1:]], cwd=self.directory, env=self.environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60, preexec_fn=limit,
                                  check=False)
        except subprocess.TimeoutExpired:
            self.fail(f"{verb} hangs")
        words = done.stderr.decode(errors="replace")
        self.assertIn(done.returncode, (0, 1, 2, 3, 5), f"{verb}: {words}")
        self.assertNotIn("crashed", words, verb)
        self.assertNotIn("bad_alloc", words, verb)
        self.assertNotIn(b"root:x:0", done.stdout, f"{verb} followed a link")
        if done.returncode == 2:
            self.assertIn("no run", words, verb)  # without run.json there is none
        elif done.returncode != 0:
            self.assertIn(self.run.name, words + done.stdout.decode(errors="replace"), verb)
        return done

    def read_all(self):
        for verb in VERBS:
            self.read(verb)


class Hostile(HostileCase):
    def test_the_run_as_it_is_can_be_read(self):
        for verb in VERBS:
            self.assertEqual(self.read(verb).returncode, 0, verb)

    def test_every_file_replaced_by_something_else(self):
        for name in FILES:
            for kind in PLACES:
                with self.subTest(file=name, kind=kind):
                    remove(self.run)
                    shutil.copytree(self.golden, self.run)
                    DAMAGES[kind](self.run / name, random.Random(1))
                    for verb in (["status"], ["logs"], ["doctor"]):
                        self.read(verb)

    def test_random_damage(self):
        seed = int(os.environ.get("FUGLE_HOSTILE_SEED", "1"))
        for case in range(int(os.environ.get("FUGLE_HOSTILE_CASES", "40"))):
            rng = random.Random(f"{seed} {case}")
            name, kind = rng.choice(FILES), rng.choice(list(DAMAGES))
            with self.subTest(seed=seed, case=case, file=name, kind=kind):
                remove(self.run)
                shutil.copytree(self.golden, self.run)
                DAMAGES[kind](self.run / name, rng)
                self.read_all()

    def test_folders_that_are_links(self):
        for name in ("logs", "control"):
            with self.subTest(folder=name):
                remove(self.run / name)
                (self.run / name).symlink_to("/etc")
                self.read_all()

    def test_a_link_in_place_of_a_log_is_not_read(self):
        for name in ("logs/worker-0.log", "logs/worker-0.idx"):
            remove(self.run / name)
            (self.run / name).symlink_to(self.golden / name)
        self.assertEqual(self.read(["logs"]).stdout, b"")

    def test_a_file_that_crashes_the_hdf5_library_is_an_error_like_others(self):
        """Found by fuzzing with HDF5 1.10.8: a plan whose check sums are right and whose header sends the library
        astray (in H5B2_open). Other versions may find out, or bear it."""
        os.chmod(self.run / "plan.0.h5", 0o600)
        plan = pathlib.Path(__file__).parent / "data" / "crashes_hdf5.plan.h5.gz"
        (self.run / "plan.0.h5").write_bytes(gzip.decompress(plan.read_bytes()))
        for verb in (["history"], ["logs"], ["why"], ["report"], ["doctor"]):
            done = subprocess.run([FUGLE, *verb, str(self.run)], cwd=self.directory, env=self.environment, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
            self.assertIn(done.returncode, (1, 3), verb)
            self.assertRegex(done.stdout + done.stderr, "crashed while it read the run|damaged|DAMAGED", verb)

    def test_facts_of_wrong_types(self):
        facts = json.loads((self.golden / "run.json").read_text())
        for key in facts:
            for value in (None, -1, 1e300, 2**70, "x\u001b[2J", [], {"a": []}, True):
                (self.run / "run.json").write_text(json.dumps({**facts, key: value}))
                with self.subTest(key=key, value=value):
                    self.assertNotIn(b"\x1b", self.read(["status"]).stderr)

    def test_nothing_that_is_shown_steers_the_terminal(self):
        self.write("e.yaml", 'version: 1\nname: e\ntasks:\n  t: {run: "echo x; exit 3", matrix: {i: ["\\e[2Ja", "\\u009b2J"]}}\n')
        self.fugle("run", "e.yaml", "--local", expect=None)
        runs = list(self.directory.glob(".fugle/*/run.json"))
        if not runs:
            self.skipTest("such values are refused")
        self.run = runs[0].parent
        facts = json.loads((self.run / "run.json").read_text())
        (self.run / "run.json").write_text(json.dumps({**facts, "workflow": "\u001b]0;title\u0007", "host": "\u009b2J"}))
        for verb in VERBS:
            done = self.read(verb)
            for bad in (b"\x1b", b"\x07", "\u009b".encode()):
                self.assertNotIn(bad, done.stdout + done.stderr, verb)


@unittest.skipIf(h5py is None, "h5py is not installed: no HDF5 files of other shapes can be made")
class HostileHdf5(HostileCase):
    """Files that the library opens and that are not what they should be."""

    def reshape(self, file, dataset, **how):
        path = self.run / file
        os.chmod(path, 0o600)
        with h5py.File(path, "r+") as handle:
            attributes = dict(handle[dataset].attrs)
            del handle[dataset]
            made = handle.create_dataset(dataset, **how)
            made.attrs.update(attributes)

    def datasets(self):
        found = []
        for file in ("plan.0.h5", "journal.0.h5"):
            with h5py.File(self.golden / file, "r") as handle:
                handle.visititems(lambda name, item, file=file: found.append((file, name))
                                  if isinstance(item, h5py.Dataset) else None)
        return found

    def test_datasets_of_other_shapes(self):
        shapes = {
            "square": {"data": numpy.zeros((3, 3), dtype="u8")},
            "scalar": {"data": numpy.uint64(7)},
            "endless": {"shape": (1 << 60,), "dtype": "u8", "chunks": (1024,)},
            "texts": {"data": [b"a", b"b"], "dtype": h5py.string_dtype()},
            "floats": {"data": numpy.array([numpy.nan, 1e300])},
            "records": {"data": numpy.zeros(4, dtype=[("x", "u1"), ("y", "f8")])},
            "empty": {"data": numpy.zeros(0, dtype="u8")},
        }
        for file, dataset in self.datasets():
            for kind, how in shapes.items():
                with self.subTest(file=file, dataset=dataset, kind=kind):
                    shutil.copy(self.golden / file, self.run / file)
                    self.reshape(file, dataset, **how)
                    self.read(["history"])
                    shutil.copy(self.golden / file, self.run / file)

    def test_attributes_of_other_shapes(self):
        for file in ("plan.0.h5", "journal.0.h5", "live.h5"):
            with h5py.File(self.golden / file, "r") as handle:
                names = list(handle.attrs)
            for name in names:
                for value in (numpy.arange(1000, dtype="u8"), "x" * 60000, numpy.float64(1e300), h5py.Empty("u8"),
                              numpy.array([b"a" * 5000] * 12), numpy.int64(-1)):
                    with self.subTest(file=file, attribute=name, value=str(value)[:20]):
                        shutil.copy(self.golden / file, self.run / file)
                        os.chmod(self.run / file, 0o600)
                        with h5py.File(self.run / file, "r+") as handle:
                            handle.attrs[name] = value
                        self.read(["history"])
                        self.read(["doctor"])
            shutil.copy(self.golden / file, self.run / file)

    def test_links_to_other_files_are_not_followed(self):
        other = self.directory / "other.h5"
        shutil.copy(self.golden / "plan.0.h5", other)
        path = self.run / "plan.0.h5"
        os.chmod(path, 0o600)
        with h5py.File(path, "r+") as handle:
            del handle["elements"]
            handle["elements"] = h5py.ExternalLink(str(other), "/elements")
        self.assertEqual(self.read(["history"]).returncode, 3)

    def test_bytes_kept_in_other_files_are_not_read(self):
        path = self.run / "plan.0.h5"
        os.chmod(path, 0o600)
        with h5py.File(path, "r+") as handle:
            kept = handle["elements/id_bytes"]
            size, attributes = kept.shape[0], dict(kept.attrs)
            del handle["elements/id_bytes"]
            made = handle.create_dataset("elements/id_bytes", (size,), "u1", external=[("/etc/passwd", 0, size)])
            made.attrs.update(attributes)
        done = self.read(["history"])
        self.assertEqual(done.returncode, 3)
        self.assertIn("another file", done.stderr.decode())


if __name__ == "__main__":
    if h5py is None and subprocess.run(["/usr/bin/python3", "-c", "import h5py"], capture_output=True,
                                       check=False).returncode == 0:
        os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B", *sys.argv])
    unittest.main()
