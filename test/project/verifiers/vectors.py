"""Runs the vectors that are given, and prints each that the verifier does not hold to."""

import base64
import json
import sys
import time

from claimgate_origin import Refused, SecretVerifier, Verifier


def outcome(verify):
    try:
        verified = verify()
    except Refused as refused:
        return {"refuse": refused.code}
    caller = verified.caller and dict(vars(verified.caller))
    found = {"caller": caller, "request_id": verified.request_id, "id": verified.id}
    return {"accept": {**found, "expires_at": verified.expires_at}}


def expected(vector):
    return {name: vector[name] for name in ("accept", "refuse") if name in vector}


def assertion(vectors, vector):
    seen = vector.get("seen")
    verifier = Verifier(
        issuer=vectors["issuer"],
        audience=vectors["audience"],
        keys=vector.get("keys_url", vectors["keys"]),
        bind=vector["bind"],
        now=lambda: vector["now"],
        replay=None if seen is None else lambda id, until: id not in seen,
    )
    request = vector["request"]
    body = base64.b64decode(request.get("body_base64", ""))
    return outcome(lambda: verifier.verify(request["method"], request["target"], request["headers"], body))


def secret(vector):
    verifier = SecretVerifier(
        secrets=vector["secrets"], header=vector["header"], forward=vector["forward"]
    )
    return outcome(lambda: verifier.verify(vector["request"]["headers"]))


def start(vector):
    kind, names = (
        (Verifier, ("issuer", "audience", "keys"))
        if vector["mode"] == "assertion"
        else (SecretVerifier, ("secrets", "header"))
    )
    try:
        kind(**{**dict.fromkeys(names), **vector["options"]})
        return "started"
    except ValueError:
        return None


def keys(file):
    """One verifier, asked at different times; the test changes what the URL of the keys has."""
    at = [0]
    verifier = Verifier(
        issuer=file["issuer"], audience=file["audience"], keys=file["keys_url"], bind="none", now=lambda: at[0]
    )
    for step in file["steps"]:
        at[0] = step["now"]
        deadline = time.monotonic() + (20 if step.get("eventually") else 0)
        while True:
            found = outcome(lambda: verifier.verify("GET", "/", {"Txn-Token": step["token"]}))
            code = found.get("refuse", "accept")
            if code == step["expect"] or time.monotonic() >= deadline:
                break
            time.sleep(0.01)
        if code != step["expect"]:
            print(f"{step['id']}: {code}, not {step['expect']}")
    print(f"{len(file['steps'])} steps")


def main():
    vectors = json.load(sys.stdin)
    if "steps" in vectors:
        return keys(vectors)
    count = 0
    pairs = [(vector, assertion(vectors, vector)) for vector in vectors["assertion"]]
    pairs += [(vector, secret(vector)) for vector in vectors["secret"]]
    for vector, found in pairs:
        count += 1
        if found != expected(vector):
            print(f"{vector['id']}: {found}, not {expected(vector)}")
    for vector in vectors["start"]:
        count += 1
        if start(vector) is not None:
            print(f"{vector['id']}: started")
    print(f"{count} vectors")


main()
