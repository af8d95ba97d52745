"""Who made a bundle: signed ones are told from others, in both languages, and nobody signs or unsigns by accident."""

import base64
import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from recsys.cli import cli
from recsys.errors import ArtefactError
from recsys.export import bundle, signature
from tests.export import models
from tests.export.conftest import Signer

pytestmark = pytest.mark.usefixtures("weights_only")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    path = tmp_path_factory.mktemp("others") / "key"
    public = signature.make_key(path)
    return Signer(path, signature.load_private(path), public)


@pytest.fixture
def signed(tmp_path: Path, signer: Signer) -> Path:
    bundle.publish(models.source(n_movies=60), tmp_path / "app", keys=[signer.private])
    return tmp_path / "app"


def codes(folder: Path, *trusted: str) -> list[str]:
    return [finding.code for finding in bundle.inspect(folder, trusted=list(trusted) or None).findings]


def signature_file(channel: Path) -> Path:
    latest = bundle.status(channel)
    assert latest is not None
    return latest.folder / signature.FILE


def test_a_bundle_signed_by_a_key_of_the_readers_is_trusted(signed: Path, signer: Signer, other: Signer):
    for trusted in ([signer.public], [other.public, signer.public]):
        report = bundle.verify(signed, trusted=trusted)
        assert (report.signature, report.signed_by, report.warnings) == ("valid", (signer.public,), ())


def test_a_bundle_signed_by_others_or_by_nobody_is_refused_where_a_key_is_given(signed: Path, other: Signer, tmp_path: Path):
    assert codes(signed, other.public) == ["E_SIGNATURE"]
    bundle.publish(models.source(n_movies=60), tmp_path / "plain")
    assert codes(tmp_path / "plain", other.public) == ["E_SIGNATURE"]


def test_without_a_key_the_report_says_that_nobody_looked(signed: Path, tmp_path: Path):
    assert [each.code for each in bundle.inspect(signed).warnings] == ["W_UNCHECKED"]
    bundle.publish(models.source(n_movies=60), tmp_path / "plain")
    report = bundle.inspect(tmp_path / "plain")
    assert (report.ok, report.signature, [each.code for each in report.warnings]) == (True, "none", ["W_UNSIGNED"])


def test_a_changed_manifest_with_a_digest_that_fits_is_refused(signed: Path, signer: Signer):
    """What somebody would do who wants a change to pass; without a key of the publisher's, too."""
    from tests.export.test_verify import sign_again

    latest = bundle.status(signed)
    assert latest is not None
    sign_again(latest.folder, lambda facts: facts.update(simulated=False))
    assert codes(signed, signer.public) == codes(signed) == ["E_SIGNATURE"]


def test_a_signature_made_with_a_key_of_the_forgers_own_is_refused(signed: Path, signer: Signer, other: Signer):
    path = signature_file(signed)
    path.write_bytes(signature.sign((path.parent / "manifest.json").read_bytes(), [other.private]))
    assert codes(signed, signer.public) == ["E_SIGNATURE"]
    assert bundle.inspect(signed).signed_by == (other.public,)


def test_two_keys_can_sign_so_that_keys_can_be_changed(tmp_path: Path, signer: Signer, other: Signer):
    bundle.publish(models.source(n_movies=60), tmp_path / "app", keys=[signer.private, other.private])
    assert codes(tmp_path / "app", signer.public) == codes(tmp_path / "app", other.public) == []


def change(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document.update(changes)


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another algorithm": change(algorithm="none"),
    "a later format": change(schema=2),
    "a truth for a number": change(schema=True),
    "no signature": change(signatures=[]),
    "a field more": change(more=1),
    "capital letters": lambda document: document["signatures"][0].update(
        signature=document["signatures"][0]["signature"].upper()
    ),
    "half a signature": lambda document: document["signatures"][0].update(signature=document["signatures"][0]["signature"][:64]),
    "half a key": lambda document: document["signatures"][0].update(public_key="00"),
    "a number for a key": lambda document: document["signatures"][0].update(public_key=7),
    "a signature of zeros": lambda document: document["signatures"][0].update(signature="0" * 128),
    "a key of zeros": lambda document: document["signatures"][0].update(public_key="0" * 64),
    "a second one that is none": lambda document: document["signatures"].append({"public_key": "ab", "signature": "cd"}),
}


@pytest.mark.js
def test_a_file_that_holds_no_signature_is_refused_by_both(
    signed: Path, tmp_path: Path, signer: Signer, client_reports: Callable[..., Any]
):
    folders = []
    for row, spoil in enumerate(BROKEN.values()):
        path = signature_file(Path(shutil.copytree(signed, tmp_path / str(row) / "app")))
        document = json.loads(path.read_text())
        spoil(document)
        path.write_text(json.dumps(document))
        folders.append(path.parents[1])
    for options, trusted in (({}, None), ({"publicKey": signer.public}, [signer.public])):
        expected = [bundle.inspect(folder, trusted=trusted).as_json() for folder in folders]
        for name, report in zip(BROKEN, expected, strict=True):
            assert [error["code"] for error in report["errors"]] == ["E_SIGNATURE"], name
        assert client_reports(folders, [options] * len(folders)) == expected


@pytest.mark.js
def test_the_client_verifies_with_and_without_webcrypto(signed: Path, signer: Signer, other: Signer, node: Callable[..., Any]):
    """Natively, natively without Ed25519 (older browsers), and in JavaScript (React Native): the same verdicts."""
    code = """
    const [folder, ...keys] = process.argv.slice(1);
    const { inspect } = await import("./src/verify.js");
    const { folderSource } = await import("./src/node.js");
    const subtle = crypto.subtle;
    const importKey = async () => { throw new DOMException("", "NotSupportedError"); };
    const old = { digest: subtle.digest.bind(subtle), importKey };
    for (const crypto of [{ subtle }, { subtle: old }, undefined]) {
      Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
      for (const publicKey of keys) {
        const { signature, errors } = await inspect(folderSource(folder), { publicKey });
        console.log(signature, ...errors.map((error) => error.code));
      }
    }
    """
    done = node("--input-type=module", "-e", code, str(signed), signer.public, other.public)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["valid", "null E_SIGNATURE"] * 3


@pytest.mark.js
def test_both_command_lines_take_the_public_key_as_a_file(signed: Path, signer: Signer, other: Signer, node: Callable[..., Any]):
    for key, status in ((signer, 0), (other, 2)):
        path = str(signature.public_path(key.path))
        theirs = node("bin/verify.js", str(signed), "--public-key", path)
        ours = CliRunner().invoke(cli, ["export", "verify", str(signed), "--public-key", path])
        assert (theirs.returncode, ours.exit_code) == (status, status)
        assert theirs.stdout == json.dumps(bundle.inspect(signed, trusted=[key.public]).as_json(), indent=1) + "\n"


def test_openssl_can_check_a_bundle_too(signed: Path, signer: Signer, tmp_path: Path):
    """The signature is of the manifest's bytes as they lie there, and the key is in the usual form."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    path = signature_file(signed)
    (tmp_path / "raw").write_bytes(bytes.fromhex(json.loads(path.read_text())["signatures"][0]["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(signature.public_path(signer.path))]
    command += ["-in", str(path.parent / "manifest.json"), "-sigfile", str(tmp_path / "raw")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done.stderr


def test_a_signed_channel_does_not_become_unsigned_by_accident(signed: Path):
    before = models.tree(signed)
    with pytest.raises(ArtefactError, match="E_SIGNATURE"):
        bundle.publish(models.source(n_movies=60, seed=1), signed)
    assert models.tree(signed) == before
    result = bundle.publish(models.source(n_movies=60, seed=1), signed, unsigned=True)
    assert (result.signed_by, [each.code for each in result.warnings]) == ((), ["W_UNSIGNED"])


def test_the_version_that_is_there_can_be_signed_later(tmp_path: Path, signer: Signer):
    first = bundle.publish(models.source(n_movies=60), tmp_path / "app")
    again = bundle.publish(models.source(n_movies=60), tmp_path / "app", keys=[signer.private])
    assert (again.version, again.new, again.signed_by) == (first.version, False, (signer.public,))
    assert codes(tmp_path / "app", signer.public) == []


def test_a_private_key_is_for_its_owner_alone_and_is_never_overwritten(tmp_path: Path):
    signature.make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    with pytest.raises(ArtefactError, match="E_KEY"):
        signature.make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(ArtefactError, match="read by others"):
        signature.load_private(tmp_path / "key")


def test_a_key_is_not_made_inside_a_repository(tmp_path: Path):
    (tmp_path / "project" / ".git").mkdir(parents=True)
    with pytest.raises(ArtefactError, match="E_KEY"):
        signature.make_key(tmp_path / "project" / "deep" / "key")
    assert not (tmp_path / "project" / "deep").exists()


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path, signer: Signer):
    curve = generate_private_key(SECP256R1())
    forms = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "curve").write_bytes(curve.private_bytes(serialization.Encoding.PEM, *forms))
    (tmp_path / "text").write_text("no key")
    for path in (tmp_path / "curve", tmp_path / "text"):
        path.chmod(0o600)
    for load, path in (
        *((signature.load_private, tmp_path / name) for name in ("curve", "text", "nothing")),
        *((signature.load_public, path) for path in (signer.path, tmp_path / "text", tmp_path / "nothing")),
    ):
        with pytest.raises(ArtefactError, match="E_KEY"):
            load(path)


def test_no_private_key_lies_in_a_bundle(signed: Path, signer: Signer):
    raw = signer.private.private_bytes_raw()
    everything = b"".join(models.tree(signed).values())
    for form in (raw, raw.hex().encode(), base64.b64encode(raw)):
        assert form not in everything


def test_keygen_says_where_both_halves_lie(tmp_path: Path):
    done = CliRunner().invoke(cli, ["export", "keygen", str(tmp_path / "key")])
    assert done.exit_code == 0
    assert (
        signature.load_public(tmp_path / "key.pub")
        == signature.signers(b"x", signature.sign(b"x", [signature.load_private(tmp_path / "key")]))[0]
    )
    assert CliRunner().invoke(cli, ["export", "keygen", str(tmp_path / "key")]).exit_code == 2
