"""Prints where cargo put the program that is named, from its messages on standard input (--message-format json...)."""

import json
import sys

paths = [message["executable"] for message in map(json.loads, sys.stdin)
         if message.get("executable") and message["target"]["name"] == sys.argv[1]]
print(*paths[-1:])
