#!/usr/bin/env python3
"""Writes LICENCES.txt: the crates that end up in the guest, with their versions and licences.

Run it after a change of Cargo.lock: guest/coreutils/licences.py
Build dependencies and procedural macros run at build time and are not in the program, so they are left out.
"""

import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def main():
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform=wasm32-wasip1"]
    data = json.loads(subprocess.run(command, cwd=HERE, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    root = data["resolve"]["root"]
    waiting, seen = [root], {root}
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            package = packages[dependency["pkg"]]
            linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in package["targets"])
            if linked and not macro and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    rows = sorted((packages[id]["name"], packages[id]["version"], packages[id]["license"] or "?") for id in seen)
    text = "".join(f"{name} {version}: {licence}\n" for name, version, licence in rows)
    (HERE / "LICENCES.txt").write_text(text)


if __name__ == "__main__":
    main()
