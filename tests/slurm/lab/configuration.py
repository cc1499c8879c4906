"""The files below etc/, as text. Why the unusual lines are there is said at each."""

from .settings import CONTROLLER, NETWORK


def slurm_conf(s):
    d = s.directory
    values = {
        "ClusterName": "lab",
        "SlurmctldHost": f"{CONTROLLER}({NETWORK}.254)",
        "SlurmUser": "root",
        "SlurmdUser": "root",
        "AuthType": "auth/munge",
        # A requeued job waits for its old credentials to expire: a second more than this (default two minutes).
        "AuthInfo": "cred_expire=10",
        "StateSaveLocation": d / "state",
        "SlurmdSpoolDir": "/var/spool/slurmd",
        "SlurmctldPidFile": "/run/slurmctld.pid",
        "SlurmdPidFile": "/run/slurmd.pid",
        "SlurmctldLogFile": s.log / "slurmctld.log",
        "SlurmdLogFile": s.log / "slurmd-%n.log",
        "SlurmctldDebug": "info",
        "SlurmdDebug": "info",
        # Nodes of four CPUs on a host of two must not be drained for it.
        "SlurmdParameters": "config_overrides",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "ProctrackType": "proctrack/cgroup" if s.cgroups else "proctrack/linuxproc",
        # task/affinity refuses more tasks than the host has cores.
        "TaskPlugin": "task/cgroup" if s.cgroups else "task/none",
        "SchedulerType": "sched/backfill",
        "SchedulerParameters": "bf_interval=1,bf_max_job_test=100,sched_interval=2,sched_min_interval=0,"
                               "batch_sched_delay=0,requeue_delay=1",
        "LaunchParameters": "use_interactive_step",
        "ReturnToService": "2",  # a node that comes back is used at once
        "SlurmctldTimeout": "30",
        "SlurmdTimeout": s.slurmd_timeout,
        "KillWait": s.kill_wait,
        "UnkillableStepTimeout": "20",
        "TCPTimeout": "2",
        "MessageTimeout": "10",
        "MinJobAge": "600",
        "JobRequeue": "1",
        "PreemptType": "preempt/partition_prio",
        "PreemptMode": "REQUEUE",
        "MpiDefault": "none",
        "TopologyPlugin": "topology/tree",
        "JobCompType": "jobcomp/filetxt",
        "JobCompLoc": s.log / "jobcomp.log",
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": "5",
        "AccountingStorageType": f"accounting_storage/{'slurmdbd' if s.accounting else 'none'}",
        "PrologFlags": "Alloc",
        "GresTypes": "gpu",
        "PlugStackConfig": s.etc / "plugstack.conf",
        # scrontab's server side; the command itself is not in Debian's packages.
        "ScronParameters": "enable",
    }
    if s.accounting:
        values |= {"AccountingStorageHost": CONTROLLER, "AccountingStorageTRES": "gres/gpu",
                   "AccountingStoreFlags": "job_comment,job_env,job_script"}
    if not s.pmix_bug:
        # The plugin's tree of fences has no edges when it is wider than the step; see mpi_conf().
        values["TreeWidth"] = "2"
    for line in s.lines:
        key, value = line.split("=", 1)
        values[key] = value
    return "".join(f"{key}={value}\n" for key, value in values.items()) + _nodes(s) + _partitions()


def _nodes(s):
    lines = ""
    for i, node in enumerate(s.node_names()):
        features = f"rack{1 if i < _leaf_size(s) else 2}" + (",ssd" if i % 2 == 0 else "")
        lines += (f"NodeName={node} NodeAddr={s.address(node)} CPUs={s.cpus} Sockets=1 CoresPerSocket={s.cpus} "
                  f"ThreadsPerCore=1 RealMemory={s.memory} Gres=gpu:fake:{s.gpus} Feature={features} State=UNKNOWN\n")
    return lines


def _partitions():
    common = "Nodes=ALL MaxTime=INFINITE DefMemPerCPU=500 State=UP"
    return (f"PartitionName=main {common} PriorityTier=10 Default=YES\n"
            f"PartitionName=low {common} PriorityTier=1 PreemptMode=REQUEUE\n"
            f"PartitionName=high {common} PriorityTier=100 PreemptMode=OFF\n")


def _leaf_size(s):
    return (s.nodes + 1) // 2


def topology_conf(s):
    """Two leaf switches under a spine."""
    names, half = s.node_names(), _leaf_size(s)
    leaves = [names[:half], names[half:]] if s.nodes > 1 else [names]
    text = "".join(f"SwitchName=leaf{i} Nodes={','.join(leaf)}\n" for i, leaf in enumerate(leaves, 1))
    return text + f"SwitchName=spine Switches=leaf[1-{len(leaves)}]\n"


def gres_conf(s):
    return f"Name=gpu Type=fake Flags=nvidia_gpu_env File=/run/gpu/gpu[0-{s.gpus - 1}]\n"


def mpi_conf(s):
    """With Slurm 22.05's own values MPI_Init of some steps crashes or hangs: fences do not wait for other nodes."""
    return "" if s.pmix_bug else "PMIxCollFence=tree\n"


def cgroup_conf(_):
    """CPUs are pretended, so only memory is held."""
    return ("CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nConstrainCores=no\nConstrainRAMSpace=yes\n"
            "ConstrainDevices=no\n")


def slurmdbd_conf(s):
    return (f"AuthType=auth/munge\nDbdHost={CONTROLLER}\nSlurmUser=root\nStorageType=accounting_storage/mysql\n"
            f"StorageHost=localhost\nStorageLoc=slurm_acct\nStorageUser=root\nLogFile={s.log}/slurmdbd.log\n"
            "PidFile=/run/slurmdbd.pid\n")


def hosts(s):
    lines = ["127.0.0.1 localhost", f"{NETWORK}.254 {CONTROLLER}"]
    return "\n".join(lines + [f"{s.address(node)} {node}" for node in s.node_names()]) + "\n"


def write(s):
    s.etc.mkdir(parents=True, exist_ok=True)
    files = {"slurm.conf": slurm_conf, "topology.conf": topology_conf, "gres.conf": gres_conf, "mpi.conf": mpi_conf,
             "cgroup.conf": cgroup_conf, "plugstack.conf": lambda _: "".join(f"{line}\n" for line in s.plugstack)}
    if s.accounting:
        files["slurmdbd.conf"] = slurmdbd_conf
    for name, text in files.items():
        (s.etc / name).write_text(text(s))
    for name, text in s.files.items():
        (s.etc / name).write_text(text)
    if s.accounting:
        (s.etc / "slurmdbd.conf").chmod(0o600)  # slurmdbd insists
    (s.directory / "hosts").write_text(hosts(s))
