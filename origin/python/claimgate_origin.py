"""Checks that a request came by way of claimgate, and reads who calls. Copy this file.

    verifier = Verifier(
        issuer="https://api.example.com",
        audience="orders.internal.example",
        keys="https://api.example.com/.well-known/claimgate/jwks.json",
    )
    verified = verifier.verify("GET", "/orders?id=1", headers)  # raises Refused
    verified.caller.issuer, verified.caller.subject

It needs Python 3.9 and the package `cryptography`. The checks and their codes are those of docs/assertion.md, and
docs/assertion-vectors.json shows that they hold.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Sequence
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

HEADER = "txn-token"
MAX_LENGTH = 16_384
MAX_LIFETIME_SECONDS = 120
MAX_SAFE_INTEGER = 2**53 - 1

FRESH_SECONDS = 5 * 60  # older keys are fetched anew, behind the request that finds out
IDLE_SECONDS = 10 * 60  # keys that are older still are fetched before they are used: nobody called
STALE_LIMIT_SECONDS = 24 * 3600  # so long keys are used while they can't be fetched
COOL_DOWN_SECONDS = 30  # at most one fetch in this time, whatever kids are asked for
EMPTY_COOL_DOWN_SECONDS = 1  # the same while there are no keys at all
FETCH_SECONDS = 5
MAX_KEYS_BYTES = 65_536
MAX_KEYS = 100

# Base64url without padding. The bits that the last character has too many are zero: one spelling each.
_BASE64URL = re.compile(
    r"(?:[A-Za-z0-9_-]{4})*"
    r"(?:[A-Za-z0-9_-]{4}|[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])"
)
_TYPE = re.compile(r"(?:application/)?txntoken\+jwt", re.ASCII | re.IGNORECASE)
# Half a character has no bytes in UTF-8: two different texts would be one in other languages. Looked for in the text,
# since of two members with one name only the last is in the value.
_PAIRS_AND_OTHER_ESCAPES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SECRET = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Refused(Exception):
    """The request is refused. `code` is one of docs/assertion.md or `secret_mismatch`; the text is for the log."""

    def __init__(self, code: str, sentence: str):
        super().__init__(sentence)
        self.code = code

    def problem(self):
        """The status and the body of the answer: `application/problem+json`."""
        status = 503 if self.code == "keys_unavailable" else 401
        title = "Keys of the gateway unavailable" if status == 503 else "Not from the gateway"
        return status, json.dumps(
            {"type": "about:blank", "title": title, "status": status, "code": self.code}
        )


@dataclass(frozen=True)
class Caller:
    """Who calls, as the gateway verified it. Users are keyed by issuer and subject: `user_key`."""

    issuer: str
    subject: Optional[str]
    client: Optional[str]
    scopes: List[str]
    claims: Dict[str, Any] = field(default_factory=dict)

    def user_key(self) -> str:
        """One name for a user: subjects of two issuers may be equal."""
        if self.subject is None:
            raise ValueError("the caller has no subject: it is no user")
        return json.dumps([self.issuer, self.subject])


@dataclass(frozen=True)
class Verified:
    caller: Optional[Caller]  # None: the request had no token, on a public or an optional route
    request_id: Optional[str]
    id: Optional[str] = None  # of the assertion; a secret has neither
    expires_at: Optional[int] = None


class ReplayMemory:
    """Ids in the memory of this process. Full of ids that have not ended, it raises: none is forgotten early."""

    def __init__(self, max_entries: int = 100_000, now: Callable[[], float] = time.time):
        self._max_entries, self._now, self._swept_at = max_entries, now, 0.0
        self._ends: Dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, id: str, remember_until: float) -> bool:
        with self._lock:
            now = self._now()
            if now - self._swept_at >= 1:
                self._ends = {one: end for one, end in self._ends.items() if end > now}
                self._swept_at = now
            if id in self._ends:
                return False
            if len(self._ends) >= self._max_entries:
                raise RuntimeError(f"the memory of ids is full: raise max_entries ({self._max_entries})")
            self._ends[id] = remember_until
            return True


class Verifier:
    """Checks the assertion of each request. Raises ValueError where something is missing: better no service than an
    open one.

    keys: an https URL, or a JWK Set. bind: "request" (method and target), "body" (also the body), or "none".
    replay: a function of an id and the time until which to remember it, which returns whether the id is new.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys,
        bind: str = "request",
        replay: Optional[Callable[[str, float], bool]] = None,
        clock_skew_seconds: float = 5,
        now: Callable[[], float] = time.time,
    ):
        self._issuer = _demand_text("issuer", issuer)
        self._audience = _demand_text("audience", audience)
        if bind not in ("request", "body", "none"):
            raise ValueError('bind: write "request", "body" or "none"')
        if not 0 <= clock_skew_seconds <= 60:
            raise ValueError("clock_skew_seconds: write a number from 0 to 60")
        if replay is not None and bind == "none":
            raise ValueError('replay: with bind="none" the gateway sends one assertion many times; leave it out')
        self._bind, self._replay, self._skew, self._now = bind, replay, clock_skew_seconds, now
        if isinstance(keys, dict):
            fixed = _read_keys(keys)
            if fixed is None:
                raise ValueError("keys: the set has no public ES256 or Ed25519 key with a kid")
            self._keys = lambda kid: fixed
        else:
            self._keys = _FetchedKeys(_demand_url(keys), now).get

    def verify(self, method: str, target: str, headers, body=b"") -> Verified:
        """target: path and query as they came, neither decoded nor written anew (`asgi_target`, `wsgi_target`).
        headers: a mapping, or pairs. body: bytes, or a function that returns them."""
        alg, kid, unverified_claims, signed, signature = _read_assertion(headers)
        key = self._keys(kid).get(kid)
        if key is None:
            raise Refused("key_unknown", "The gateway publishes no key with the kid of the assertion.")
        _check_signature(key, alg, signed, signature)
        claims = _Claims(unverified_claims)
        if claims.issuer != self._issuer:
            raise Refused("issuer_mismatch", f"The assertion is of another issuer than {self._issuer!a}.")
        if claims.audience != [self._audience]:
            raise Refused(
                "audience_mismatch",
                f"The assertion is for another audience than {self._audience!a}, or for more than one.",
            )
        self._check_times(claims)
        self._check_binding(claims, method, target, body)
        if self._replay is not None and not self._replay(claims.id, claims.expires_at + self._skew):
            raise Refused("replayed", "The assertion was used before.")
        return Verified(claims.caller, claims.request_id, claims.id, claims.expires_at)

    def _check_times(self, claims: "_Claims") -> None:
        now = self._now()
        if claims.expires_at - claims.issued_at > MAX_LIFETIME_SECONDS:
            raise Refused("lifetime_too_long", f"The assertion lives longer than {MAX_LIFETIME_SECONDS} s.")
        if claims.issued_at - now > self._skew:
            raise Refused(
                "not_yet_valid",
                f"The assertion is valid from {_instant(claims.issued_at)}; it is {_instant(now)} here.",
            )
        if now - claims.expires_at >= self._skew:
            raise Refused(
                "expired", f"The assertion ended at {_instant(claims.expires_at)}; it is {_instant(now)} here."
            )

    def _check_binding(self, claims: "_Claims", method: str, target: str, body) -> None:
        if claims.bound is None:
            if self._bind != "none":
                raise Refused("unbound", "The assertion is bound to no request.")
            return
        # Whatever `bind` is: the gateway said it of one request.
        if claims.bound["method"] != method:
            raise Refused("method_mismatch", f"The assertion is for {claims.bound['method']!a}, not {method!a}.")
        if claims.bound["target"] != target:
            raise Refused("target_mismatch", f"The assertion is for {claims.bound['target']!a}, not {target!a}.")
        if self._bind == "body":
            content = body() if callable(body) else body
            digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
            if claims.bound["digest"] != f"sha-256=:{digest}:":
                raise Refused("body_mismatch", "The assertion is for another body.")


class SecretVerifier:
    """For APIs without assertion: the secret of `origin_headers`, and the caller out of claim headers. A secret binds a
    request to nothing: whoever has read it can send any.

    secrets: one, or two during a rotation. forward: as the policy has it, such as
    {"roles": {"header": "x-roles", "as": "list"}}.
    """

    def __init__(self, *, secrets: Sequence[str], header: str, forward: Optional[Dict[str, Any]] = None):
        if not isinstance(secrets, (list, tuple)) or not 1 <= len(secrets) <= 2:
            raise ValueError("secrets: write a list of one secret, or of two during a rotation")
        for index, secret in enumerate(secrets):
            _demand_secret(f"secrets[{index}]", secret)
        if not isinstance(header, str) or not _HEADER_NAME.fullmatch(header):
            raise ValueError("header: write the name of the header that has the secret")
        self._header = header.lower()
        self._expected = [_digest(secret) for secret in secrets]
        self._fields = []
        for claim, given in (forward or {}).items():
            options = {"header": given} if isinstance(given, str) else given
            name, encoding = options["header"], options.get("as", "text")
            if encoding not in _READ or not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"forward[{claim!r}]: write it as the policy has it")
            self._fields.append((claim, name.lower(), encoding))

    def verify(self, headers) -> Verified:
        given = _digest(_one_value(headers, self._header))
        # All are compared, whichever fits.
        if True not in [hmac.compare_digest(given, one) for one in self._expected]:
            raise Refused("secret_mismatch", f"The secret in {self._header} is another one.")
        claims = {}
        for claim, name, encoding in self._fields:
            value = _read_one(headers, name)
            if value is not None:
                claims[claim] = _READ[encoding](value, name)
        text = lambda name: None if (value := _read_one(headers, name)) is None else _decode_text(value, name)
        issuer, subject, client = text("x-claim-iss"), text("x-claim-sub"), text("x-claim-client-id")
        scopes = _scopes(_read_one(headers, "x-claim-scope"))
        caller = None if issuer is None else Caller(issuer, subject, client, scopes, claims)
        return Verified(caller, _read_one(headers, "x-request-id"))


def asgi_target(scope) -> str:
    """The target of an ASGI request (FastAPI, Starlette). ASGI does not tell an empty query from none."""
    query = scope["query_string"]
    return (scope["raw_path"] + (b"?" + query if query else b"")).decode("latin-1")


def wsgi_target(environ) -> str:
    """The target of a WSGI request (Flask, Django). PATH_INFO is decoded: only servers with a raw target will do."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not target:
        raise RuntimeError("this WSGI server does not tell the target of a request: gunicorn and uWSGI do")
    return target


# --- reading -----------------------------------------------------------------------------------------------------


def _values(headers, name: str) -> List[str]:
    found = []
    for key, value in headers.items() if hasattr(headers, "items") else headers:
        key = key.decode("latin-1") if isinstance(key, bytes) else key
        if key.lower() == name:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                found.append(one.decode("latin-1") if isinstance(one, bytes) else one)
    return found


def _one_value(headers, name: str) -> str:
    values = _values(headers, name)
    if len(values) > 1:
        raise Refused("several", f"The request has {len(values)} headers {name}.")
    if not values or values[0] == "":
        raise Refused("missing", f"The request has no header {name}.")
    return values[0]


def _read_assertion(headers):
    token = _one_value(headers, HEADER)
    if "," in token:  # servers join headers of one name with a comma
        raise Refused("several", f"The header {HEADER} has more than one value.")
    if len(token) > MAX_LENGTH:
        raise Refused("too_large", f"The assertion is longer than {MAX_LENGTH} characters.")
    parts = token.split(".")
    if len(parts) != 3 or not all(_BASE64URL.fullmatch(part) for part in parts):
        raise Refused("malformed", "The assertion is not three parts of base64url.")
    header, claims = _read_object(parts[0], "header"), _read_object(parts[1], "payload")
    if "crit" in header:
        raise Refused("critical_unsupported", "The assertion has critical headers.")
    typ, alg, kid = header.get("typ"), header.get("alg"), header.get("kid")
    if not isinstance(typ, str) or not _TYPE.fullmatch(typ):
        raise Refused("type_not_allowed", "The type of the assertion is not txntoken+jwt.")
    if alg not in ("ES256", "EdDSA", "Ed25519"):
        raise Refused("algorithm_not_allowed", "The algorithm of the assertion is not ES256, EdDSA or Ed25519.")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return alg, kid if isinstance(kid, str) else None, claims, signed, _from_base64url(parts[2])


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _no_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def _read_object(part: str, name: str) -> Dict[str, Any]:
    try:
        text = _from_base64url(part).decode("utf-8")
        has_half = _SURROGATE.search(_PAIRS_AND_OTHER_ESCAPES.sub("-", text))
        value = None if has_half else json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused("malformed", f"The {name} of the assertion is not a JSON object.")
    return value


_ABSENT = object()


class _Claims:
    """What an assertion says, with the types that docs/assertion.md gives its claims."""

    def __init__(self, claims: Dict[str, Any]):
        audience = claims.get("aud")
        self.audience = [audience] if isinstance(audience, str) else audience
        if not isinstance(self.audience, list) or not all(isinstance(one, str) for one in self.audience):
            _claim_malformed("aud")
        self.issuer = _text(claims, "iss")
        self.issued_at = _whole_number(claims, "iat")
        self.expires_at = _whole_number(claims, "exp")
        self.id = _text(claims, "jti") or _claim_malformed("jti")
        self.request_id = _optional_text(claims, "txn")
        self.caller = self._read_caller(claims)
        self.bound = self._read_bound(claims)

    @staticmethod
    def _read_caller(claims: Dict[str, Any]) -> Optional[Caller]:
        subject, client = _optional_text(claims, "sub"), _optional_text(claims, "client_id")
        scopes = _scopes(_optional_text(claims, "scope"))
        context = claims.get("tctx", _ABSENT)
        if context is _ABSENT:
            return None
        if not isinstance(context, dict):
            _claim_malformed("tctx")
        forwarded = context.get("claims", {})
        if not isinstance(forwarded, dict):
            _claim_malformed("tctx.claims")
        return Caller(_text(context, "iss", "tctx.iss"), subject, client, scopes, forwarded)

    @staticmethod
    def _read_bound(claims: Dict[str, Any]) -> Optional[Dict[str, Optional[str]]]:
        bound = claims.get("req", _ABSENT)
        if bound is _ABSENT:
            return None
        if not isinstance(bound, dict):
            _claim_malformed("req")
        return {
            "method": _text(bound, "method", "req.method"),
            "target": _text(bound, "target", "req.target"),
            "digest": _optional_text(bound, "digest", "req.digest"),
        }


def _claim_malformed(name: str):
    raise Refused("claims_malformed", f"The claim {name} of the assertion is absent or of another type.")


def _optional_text(claims: Dict[str, Any], name: str, path: str = "") -> Optional[str]:
    value = claims.get(name, _ABSENT)
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else _claim_malformed(path or name)


def _text(claims: Dict[str, Any], name: str, path: str = "") -> str:
    value = _optional_text(claims, name, path)
    return _claim_malformed(path or name) if value is None else value


def _whole_number(claims: Dict[str, Any], name: str) -> int:
    value = claims.get(name)
    is_whole = (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and value.is_integer()
    )
    return int(value) if is_whole and abs(value) <= MAX_SAFE_INTEGER else _claim_malformed(name)


def _scopes(scope: Optional[str]) -> List[str]:
    return [one for one in (scope or "").split(" ") if one]


def _instant(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _read_one(headers, name: str) -> Optional[str]:
    values = _values(headers, name)
    if len(values) > 1:
        _header_malformed(name)
    return values[0] if values and values[0] != "" else None


def _header_malformed(name: str):
    raise Refused("claims_malformed", f"The header {name} is not as the gateway writes it.")


def _decode_text(value: str, name: str) -> str:
    # The gateway encodes commas: one that stands there joins two headers.
    if re.search(r"[^\x20-\x7e]|,|%(?![0-9A-Fa-f]{2})", value):
        _header_malformed(name)
    try:
        decoded = re.sub(rb"%(..)", lambda found: binascii.unhexlify(found[1]), value.encode())
        return decoded.decode("utf-8")
    except ValueError:
        return _header_malformed(name)


def _decode_json(value: str, name: str):
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _header_malformed(name)


_READ = {
    "text": _decode_text,
    "list": lambda value, name: [_decode_text(item, name) for item in value.split(",")],
    "json": _decode_json,
}


# --- keys --------------------------------------------------------------------------------------------------------


def _read_keys(key_set) -> Optional[Dict[str, Any]]:
    """Keys by `kid`. Those that can't sign assertions are passed over, private ones too: whoever has read the set could
    sign with them. Returns None where no key is left."""
    members = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(members, list):
        return None
    keys: Dict[str, Any] = {}
    for jwk in members[:MAX_KEYS]:
        key = _read_key(jwk) if isinstance(jwk, dict) else None
        if key is not None:
            keys.setdefault(jwk["kid"], key)
    return keys or None


def _read_key(jwk: Dict[str, Any]):
    if not isinstance(jwk.get("kid"), str) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    is_coordinate = lambda name: (
        isinstance(jwk.get(name), str) and len(jwk[name]) == 43 and _BASE64URL.fullmatch(jwk[name])
    )
    kind = (jwk.get("kty"), jwk.get("crv"))
    try:
        if kind == ("EC", "P-256") and jwk.get("alg", "ES256") == "ES256" and is_coordinate("x") and is_coordinate("y"):
            x, y = (int.from_bytes(_from_base64url(jwk[name]), "big") for name in "xy")
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if kind == ("OKP", "Ed25519") and jwk.get("alg", "EdDSA") in ("EdDSA", "Ed25519") and is_coordinate("x"):
            return ed25519.Ed25519PublicKey.from_public_bytes(_from_base64url(jwk["x"]))
    except ValueError:
        pass  # no point of its curve
    return None


def _check_signature(key, alg: str, signed: bytes, signature: bytes) -> None:
    is_edwards = isinstance(key, ed25519.Ed25519PublicKey)
    if is_edwards != (alg != "ES256"):
        raise Refused("algorithm_not_allowed", f"The key of the assertion is not for {alg}.")
    try:
        if len(signature) != 64:
            raise InvalidSignature
        if is_edwards:
            key.verify(signature, signed)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise Refused("signature_invalid", "The signature of the assertion is not one of its key.") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


class _FetchedKeys:
    def __init__(self, url: str, now: Callable[[], float]):
        self._url, self._now = url, now
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._lock = threading.Lock()
        self._held: Optional[tuple] = None  # keys, and when they were fetched
        self._tried_at = float("-inf")
        self._fault = "there is no answer yet"  # of the last fetch
        self._flight: Optional[threading.Event] = None

    def get(self, kid: Optional[str]) -> Dict[Optional[str], Any]:
        held = self._usable()
        if held is None or (kid is not None and kid not in held[0]) or self._is_idle(held[1]):
            flight = self._refresh()
            if flight is not None:
                flight.wait(FETCH_SECONDS)
        elif self._now() - held[1] > FRESH_SECONDS:
            self._refresh()
        held = self._usable()
        if held is None:
            raise Refused("keys_unavailable", f"The keys of the gateway could not be fetched: {self._fault}.")
        return held[0]

    def _is_idle(self, seen_at: float) -> bool:
        # Where the last fetch failed, requests don't wait for the next one.
        return self._now() - seen_at > IDLE_SECONDS and self._tried_at <= seen_at

    def _usable(self):
        held = self._held
        return held if held is not None and self._now() - held[1] <= STALE_LIMIT_SECONDS else None

    def _refresh(self) -> Optional[threading.Event]:
        """The fetch that is under way, or a new one, unless one was tried just now."""
        with self._lock:
            # One that hangs must not keep others from starting.
            if self._flight is not None and self._now() - self._tried_at <= FETCH_SECONDS:
                return self._flight
            cool_down = EMPTY_COOL_DOWN_SECONDS if self._usable() is None else COOL_DOWN_SECONDS
            if self._now() - self._tried_at < cool_down:
                return None
            self._tried_at = self._now()
            self._flight = threading.Event()
            threading.Thread(target=self._load, args=(self._flight,), daemon=True).start()
            return self._flight

    def _load(self, flight: threading.Event) -> None:
        keys = None
        try:
            request = urllib.request.Request(self._url, headers={"accept": "application/json"})
            with self._opener.open(request, timeout=FETCH_SECONDS) as response:
                content = response.read(MAX_KEYS_BYTES + 1)
                if response.status == 200 and len(content) <= MAX_KEYS_BYTES:
                    keys = _read_keys(json.loads(content))
                if keys is None:
                    self._fault = "the URL has no key that signs assertions"
        except Exception as error:
            self._fault = str(error)  # the keys at hand stay
        finally:
            with self._lock:
                # A set without a key must never replace a good one.
                if keys is not None:
                    self._held = (keys, self._now())
                if self._flight is flight:
                    self._flight = None
            flight.set()


# --- options -----------------------------------------------------------------------------------------------------


def _demand_text(name: str, value) -> str:
    if not isinstance(value, str) or value.strip() == "":
        raise ValueError(f"{name}: the verifier needs it; it is {'not set' if value is None else 'empty'}")
    if value != value.strip():
        raise ValueError(f"{name}: it has blanks or line breaks at an end")
    return value


def _demand_url(value) -> str:
    url = urlsplit(_demand_text("keys", value))
    # Over http anybody on the way could put keys of their own.
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.hostname))):
        raise ValueError("keys: write an https URL; http is for this machine only")
    if url.username is not None or url.password is not None:
        raise ValueError("keys: the URL must have no credentials")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _demand_secret(name: str, secret) -> None:
    if not isinstance(secret, str) or secret.strip() == "":
        raise ValueError(f"{name}: the verifier needs it; it is {'not set' if secret is None else 'empty'}")
    if not _SECRET.fullmatch(secret):
        raise ValueError(f"{name}: it has blanks at an end, line breaks or characters beyond ASCII")
    if len(secret) < 16:
        raise ValueError(f"{name}: it has less than 16 characters")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
