"""What a cluster is made of. Written into its directory, so that later commands know it."""

import dataclasses
import json
import pathlib

NETWORK = "10.77.0"
CONTROLLER = "ctl"


@dataclasses.dataclass
class Settings:
    directory: pathlib.Path
    nodes: int = 4
    cpus: int = 4
    memory: int = 4000  # MB per node
    gpus: int = 2  # per node, not real ones
    shared: list = dataclasses.field(default_factory=list)  # kept visible on all nodes although below /tmp, /run ...
    accounting: bool = False  # slurmdbd and MariaDB: sacct
    cgroups: bool = False  # steps are held to their memory
    pmix_bug: bool = False  # Slurm's own defaults of TreeWidth and mpi.conf
    slurmd_timeout: int = 10  # s until a silent node is down
    kill_wait: int = 5  # s from SIGTERM to SIGKILL
    lines: list = dataclasses.field(default_factory=list)  # more lines of slurm.conf; the last one of a key counts
    plugstack: list = dataclasses.field(default_factory=list)  # lines of plugstack.conf
    files: dict = dataclasses.field(default_factory=dict)  # more files beside slurm.conf: {name: text}

    @property
    def etc(self):
        return self.directory / "etc"

    @property
    def log(self):
        return self.directory / "log"

    def node_names(self):
        return [f"n{i}" for i in range(1, self.nodes + 1)]

    def address(self, node):
        return f"{NETWORK}.{node[1:]}"

    def save(self):
        values = dataclasses.asdict(self) | {"directory": str(self.directory)}
        (self.directory / "settings.json").write_text(json.dumps(values, indent=1))

    @staticmethod
    def load(directory):
        directory = pathlib.Path(directory)
        values = json.loads((directory / "settings.json").read_text())
        return Settings(**values | {"directory": directory})
