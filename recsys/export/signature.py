"""Ed25519 signatures of the manifest's bytes, which name every other file by its checksum: who made a bundle.

The signatures lie beside the manifest as ``manifest.sig.json``, so that any tool that knows Ed25519 can check them. Each comes
with the public key that it was made with: that tells accidents from untouched files, but only a reader who holds a key of the
publisher's, from somewhere else than the bundle, learns who made it.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recsys.errors import ArtefactError
from recsys.export.manifest import parse_json

FILE = "manifest.sig.json"
ALGORITHM = "Ed25519"
MAX_BYTES = 64 * 1024
State = Literal["valid", "unchecked", "none"]
"""``valid``: by a key that the reader trusts; ``unchecked``: there is a signature and nothing to hold it against; ``none``."""

REMEDY = "Get the bundle from its publisher again, and the publisher's public key from somewhere else than the bundle."
_HEX = re.compile(r"[0-9a-f]*")


def make_key(path: Path) -> str:
    """Make a private key at ``path`` and its public key at ``path.pub``, both PEM; returns the public key in hex.

    Raises
    ------
    ArtefactError  E_KEY: there is a file already, or the place lies inside a git repository
    """
    repository = next((parent for parent in path.absolute().parents if (parent / ".git").exists()), None)
    if repository is not None:
        raise ArtefactError.of(
            "E_KEY", f"{path} lies in the repository {repository}.", "Keep private keys outside: whoever has one can sign."
        )
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.parent.mkdir(parents=True, exist_ok=True)
    for place, content, mode in ((path, private, 0o600), (public_path(path), public, 0o644)):
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise ArtefactError.of("E_KEY", f"{place} is there already.", "Choose another name, or keep using it.") from None
        with open(handle, "wb") as file:
            file.write(content)
    return _hex(key.public_key())


def public_path(path: Path) -> Path:
    """Where the public half of a private key lies."""
    return path.with_name(path.name + ".pub")


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key, PEM.

    Raises
    ------
    ArtefactError  E_KEY: missing, readable by others, or no Ed25519 key
    """
    content = _read(path)
    if path.stat().st_mode & 0o077:
        raise ArtefactError.of("E_KEY", f"{path} can be read by others.", f"chmod 600 {path}; make a new key if they did.")
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise ArtefactError.of("E_KEY", f"{path} is not a private key in PEM.", "Make one: recsys export keygen PATH.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ArtefactError.of("E_KEY", f"{path} is not an Ed25519 key.", "Make one: recsys export keygen PATH.")
    return key


def load_public(path: Path) -> str:
    """Read a public key, PEM, and return it in hex.

    Raises
    ------
    ArtefactError  E_KEY: missing, or no Ed25519 key
    """
    try:
        key = serialization.load_pem_public_key(_read(path))
    except ValueError as error:
        raise ArtefactError.of("E_KEY", f"{path} is not a public key in PEM.", "Give the .pub file of the key.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ArtefactError.of("E_KEY", f"{path} is not an Ed25519 key.", "Give the .pub file of the key.")
    return _hex(key)


def sign(content: bytes, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """Sign a manifest's bytes: the signature file. Ed25519 is deterministic, so the same again is the same file."""
    signatures = [{"public_key": _hex(key.public_key()), "signature": key.sign(content).hex()} for key in keys]
    document = {"schema": 1, "algorithm": ALGORITHM, "signatures": signatures}
    return (json.dumps(document, indent=1) + "\n").encode()


def signers(content: bytes, signatures: bytes | None) -> tuple[str, ...]:
    """Public keys, in hex, that a manifest's bytes are signed with; empty where there is no signature file.

    Raises
    ------
    ArtefactError  E_SIGNATURE: a signature is not of these bytes, or the file holds something else
    """
    if signatures is None:
        return ()
    try:
        pairs = _pairs(signatures)
        for public, signature in pairs:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (ValueError, KeyError, TypeError, InvalidSignature) as error:
        raise ArtefactError.of("E_SIGNATURE", f"{FILE} does not hold signatures of this manifest.", REMEDY) from error
    return tuple(public for public, _ in pairs)


def check_signatures(content: bytes, signatures: bytes | None, trusted: Sequence[str] | None) -> tuple[State, tuple[str, ...]]:
    """Check the signatures of a manifest's bytes against trusted keys; returns the state and the keys that signed.

    Parameters
    ----------
    content : the manifest's bytes
    signatures : of the file beside it; None where there is none
    trusted : public keys in hex, of which one has to have signed; None where the reader has none to hold against

    Raises
    ------
    ArtefactError  E_SIGNATURE: unsigned or signed by others though keys are given; or signatures of other bytes
    """
    found = signers(content, signatures)
    if trusted is None:
        return ("unchecked" if found else "none"), found
    if not found:
        raise ArtefactError.of("E_SIGNATURE", "the bundle is not signed.", REMEDY)
    if not set(found) & set(trusted):
        raise ArtefactError.of("E_SIGNATURE", "the bundle is signed by none of the keys given.", REMEDY)
    return "valid", found


def _pairs(signatures: bytes) -> list[tuple[str, str]]:
    if len(signatures) > MAX_BYTES:
        raise ValueError("too long")
    document = parse_json(signatures)
    schema = document["schema"]
    if set(document) != {"schema", "algorithm", "signatures"} or type(schema) is not int or schema != 1:
        raise ValueError("of another format")
    if document["algorithm"] != ALGORITHM or not document["signatures"]:
        raise ValueError("of another algorithm")
    pairs = []
    for entry in document["signatures"]:
        public, signature = entry["public_key"], entry["signature"]
        # Small letters alone, so that one signature is written in one way.
        if set(entry) != {"public_key", "signature"} or not (_HEX.fullmatch(public) and _HEX.fullmatch(signature)):
            raise ValueError("not in hex")
        pairs.append((public, signature))
    return pairs


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError.of("E_KEY", f"{path} cannot be read: {error.strerror}.", "Give the path of a key.") from error
