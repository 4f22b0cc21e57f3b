"""Runs the vectors with each of the sources that are given, and prints for each whether a vector noticed."""

import contextlib
import io
import json
import runpy
import sys
import types

given = json.load(sys.stdin)
for source in given["sources"]:
    module = types.ModuleType("claimgate_origin")
    sys.modules["claimgate_origin"] = module
    output = io.StringIO()
    sys.stdin = io.StringIO(given["vectors"])
    try:
        exec(compile(source, "claimgate_origin.py", "exec"), module.__dict__)
        with contextlib.redirect_stdout(output):
            runpy.run_path(given["runner"])
    except SyntaxError:
        raise
    except Exception as error:  # a vector that ends the run is noticed
        print(f"{error!r}", file=output)
    lines = output.getvalue().strip().split("\n")
    print("passed" if len(lines) == 1 and lines[0].endswith(" vectors") else "noticed")
