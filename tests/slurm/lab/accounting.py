"""slurmdbd and its database, for sacct."""

import os
import pathlib
import shutil
import subprocess

from .processes import must_run, wait_until

PROGRAMS = ("mariadbd", "slurmdbd", "sacctmgr")
SHARE = pathlib.Path("/usr/share/mysql")


def missing():
    return [name for name in PROGRAMS if not shutil.which(name)]


def start(settings):
    data = pathlib.Path("/run/db")  # in memory: nothing of it is wanted after the cluster
    data.mkdir()
    options = ["--no-defaults", f"--datadir={data}", "--basedir=/usr", f"--lc-messages-dir={SHARE}", "--user=root",
               "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"]
    with open(settings.log / "mariadb.log", "ab") as log:
        # What mariadb-install-db does; it needs a program of another package.
        tables = "create database mysql;\nuse mysql;\n" + (SHARE / "mysql_system_tables.sql").read_text()
        subprocess.run(["mariadbd", *options, "--bootstrap"], input=tables, text=True, check=True, stdout=log, stderr=log)
        os.makedirs("/run/mysqld", exist_ok=True)
        subprocess.Popen(["mariadbd", *options, "--socket=/run/mysqld/mysqld.sock", "--skip-networking",
                          "--skip-grant-tables", "--pid-file=/run/mysqld/pid"], stdin=subprocess.DEVNULL,
                         stdout=log, stderr=log)
    _wait("the database", lambda: os.path.exists("/run/mysqld/mysqld.sock"))
    must_run("slurmdbd", cwd="/")
    _wait("slurmdbd", lambda: _sacctmgr("--noheader", "show", "cluster").returncode == 0)
    for words in (["cluster", "lab"], ["account", "test"], ["user", "root,nobody", "account=test"]):
        must_run("sacctmgr", "--immediate", "--quiet", "add", *words)


def _sacctmgr(*words):
    return subprocess.run(["timeout", "2", "sacctmgr", *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)


def _wait(what, condition):
    if not wait_until(condition, 60, 0.05):
        raise RuntimeError(f"{what} did not start")
