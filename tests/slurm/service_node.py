"""One process of a service over several nodes, and its clients: each process adds up the numbers that it is sent.

service_node.py serve FOLDER        writes its address to FOLDER/RANK, and takes lines: a number, `sum` or `where`
service_node.py all FOLDER N WORD   sends the word to ranks 0 to N-1 and prints their answers, each "RANK ANSWER"

The rank is that of the launcher.
"""

import os
import pathlib
import signal
import socket
import socketserver
import sys
import threading

total = 0
lock = threading.Lock()


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        global total
        for line in self.rfile:
            word = line.decode().strip()
            with lock:
                if word not in ("sum", "where"):
                    total += int(word)
                answer = os.uname().nodename if word == "where" else total
            self.wfile.write(f"{answer}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve(folder):
    names = ("SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
    rank = next(os.environ[name] for name in names if name in os.environ)
    with Server(("", 0), Client) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        part = folder / f"{rank}.part"
        part.write_text(f"{os.uname().nodename} {server.server_address[1]} {os.getpid()}\n")
        part.replace(folder / rank)
        server.serve_forever()
    print("rank", rank, "had", total)


def ask(folder, rank, word):
    host, port, _ = (folder / str(rank)).read_text().split()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = connection.makefile("rw")
        print(word, file=lines, flush=True)
        return lines.readline().strip()


def main(verb, folder, *rest):
    if verb == "serve":
        return serve(pathlib.Path(folder))
    for rank in range(int(rest[0])):
        print(rank, ask(pathlib.Path(folder), rank, rest[1]))


main(*sys.argv[1:])
