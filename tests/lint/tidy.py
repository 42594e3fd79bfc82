#!/usr/bin/env python3
"""clang-tidy over operator/ and controllers/, in parallel. A file that passed is not looked at again until it, a header
of this project that it reaches, its command line or the rules change."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^#include "((?:operator|controllers)/[^"]+)"', re.MULTILINE)


def reached(path, seen):
    """The file and all headers of this project that it includes, directly or not."""
    if path in seen or not path.is_file():
        return
    seen[path] = path.read_bytes()
    for include in INCLUDE.findall(seen[path]):
        reached(ROOT / include.decode(), seen)


def key_of(entry, rules):
    files = {}
    reached(Path(entry["file"]), files)
    digest = hashlib.sha256(rules + entry["command"].encode())
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + files[path])
    return digest.hexdigest()


# The code is built by GCC 12. For clang 19 with GCC's library: flags that it doesn't know are no findings, nor are
# deprecated names within that library, and Boost 1.74 takes it for a compiler without standard coroutines.
FOR_CLANG = ["-Wno-unknown-warning-option", "-Wno-deprecated-declarations", "-DBOOST_ASIO_HAS_CO_AWAIT=1",
             "-DBOOST_ASIO_HAS_STD_COROUTINE=1"]
# clang refuses cpprestsdk's own headers as C++23 (a unique_ptr of an incomplete type).
NOT_FOR_CLANG = b"#include <cpprest/"


def check(entry, build):
    command = [TIDY, "--quiet", f"-p={build}", *(f"--extra-arg={flag}" for flag in FOR_CLANG), "--warnings-as-errors=*",
               entry["file"]]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode, answer.stdout + (answer.stderr if answer.returncode else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=Path, help="the folder with compile_commands.json")
    arguments = parser.parse_args()
    version = subprocess.run([TIDY, "--version"], check=True, stdout=subprocess.PIPE).stdout
    rules = version + (ROOT / ".clang-tidy").read_bytes() + Path(__file__).read_bytes()
    passed = arguments.build / "tidy-passed"
    passed.mkdir(exist_ok=True)
    entries = {entry["file"]: entry for entry in json.loads((arguments.build / "compile_commands.json").read_text())}
    ours = [entry for path, entry in sorted(entries.items())
            if Path(path).relative_to(ROOT).parts[0] in ("operator", "controllers")
            and NOT_FOR_CLANG not in Path(path).read_bytes()]
    keys = {entry["file"]: key_of(entry, rules) for entry in ours}
    todo = [entry for entry in ours if not (passed / keys[entry["file"]]).exists()]
    print(f"{len(ours)} files, {len(todo)} to look at", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = {pool.submit(check, entry, arguments.build): entry for entry in todo}
        for done, future in enumerate(concurrent.futures.as_completed(answers), 1):
            path = answers[future]["file"]
            code, output = future.result()
            print(f"[{done}/{len(todo)}] {Path(path).relative_to(ROOT)}{': FAILED' if code else ''}", flush=True)
            if code:
                failed += 1
                print(output, flush=True)
            else:
                (passed / keys[path]).touch()
    if failed:
        print(f"{failed} of {len(ours)} files have findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
