#!/usr/bin/python3
"""A small server: adds up the numbers it is sent, one per line, over TCP. `sum` asks for the sum.

It takes any free port, and writes its address to the file it is given once it listens. TERM ends it well.
"""

import os
import signal
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
                if word != "sum":
                    total += int(word)
                self.wfile.write(f"{total}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main(address_file):
    with Server(("", 0), Client) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        with open(address_file + ".part", "w") as file:
            file.write(f"{os.uname().nodename} {server.server_address[1]}\n")
        os.replace(address_file + ".part", address_file)
        server.serve_forever()
    print("the sum was", total)


main(sys.argv[1])
