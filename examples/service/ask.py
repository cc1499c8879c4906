#!/usr/bin/python3
"""Sends words to the server whose address is in a file, and prints its last answer."""

import socket
import sys

with open(sys.argv[1]) as file:
    host, port = file.read().split()
with socket.create_connection((host, int(port)), timeout=10) as connection:
    lines = connection.makefile("rw")
    for word in sys.argv[2:]:
        print(word, file=lines, flush=True)
        answer = lines.readline()
print(answer.strip())
