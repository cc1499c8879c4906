"""A real Slurm of several nodes on one Linux host, in namespaces: `from lab import Cluster, Settings, missing`.

One set of namespaces is the cluster: its pid 1 (controller.py) runs munge, slurmctld and what else the controller node
has. Inside it each compute node is a set of namespaces of its own (node.py) with its host name, address, process table,
/tmp, /dev/shm, /run and /var/spool, in which slurmd runs. All directories that are not private are the "parallel file
system". When pid 1 of a node or of the cluster dies, the kernel ends every process in it and removes its interfaces and
mounts: that is how a node loses power and how the cluster is stopped.
"""

from .cluster import Cluster, LabError, missing
from .settings import Settings

__all__ = ["Cluster", "LabError", "Settings", "missing"]
