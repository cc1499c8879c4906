"""slurmdbd and its database, for sacct."""

import os
import shutil
import subprocess

from .processes import must_run, wait_until

PROGRAMS = ("mariadbd", "mariadb-install-db", "slurmdbd", "sacctmgr")


def missing():
    return [name for name in PROGRAMS if not shutil.which(name)]


def start(settings):
    data = settings.directory / "db"
    options = ["--no-defaults", f"--datadir={data}", "--user=root", "--innodb-log-file-size=8M",
               "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"]
    with open(settings.log / "mariadb.log", "ab") as log:
        if not data.exists():
            must_run("mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db",
                     stdout=log, stderr=log)
        os.makedirs("/run/mysqld", exist_ok=True)
        subprocess.Popen(["mariadbd", *options, "--socket=/run/mysqld/mysqld.sock", "--skip-networking",
                          "--skip-grant-tables", "--pid-file=/run/mysqld/pid"], stdin=subprocess.DEVNULL,
                         stdout=log, stderr=log)
    _wait("the database", lambda: os.path.exists("/run/mysqld/mysqld.sock"))
    must_run("slurmdbd", cwd="/")
    _wait("slurmdbd", lambda: _sacctmgr("--noheader", "show", "cluster").returncode == 0)
    if "lab" not in _sacctmgr("--noheader", "show", "cluster").stdout:
        for words in (["cluster", "lab"], ["account", "test"], ["user", "root", "account=test"],
                      ["user", "nobody", "account=test"]):
            _sacctmgr("--immediate", "add", *words)


def _sacctmgr(*words):
    return subprocess.run(["timeout", "5", "sacctmgr", *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)


def _wait(what, condition):
    if not wait_until(condition, 60, 0.05):
        raise RuntimeError(f"{what} did not start")
