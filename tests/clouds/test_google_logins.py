"""Logins at Google: found where its own tools keep them, renewed, refused; and what a user is told then."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from google_scene import ENDPOINT, GoogleScene, TokenServer, google_error, private_key, service_account, token_server
from meddler import Answer, Meddler, Passing, meddling

from jsobj.errors import EndpointUnreachable, JsobjError
from jsobj.net.body import BytesSink, BytesSource

REFRESH = "1//refresh-token-that-nobody-may-see"


@pytest.fixture(name="key", scope="module")
def _key() -> str:
    return private_key()


@pytest.fixture(name="tokens")
def _tokens() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture(name="guarded")
def _guarded(google: GoogleScene, tokens: TokenServer) -> Iterator[Meddler]:
    """The emulator behind a door that takes the newest token alone; commands go there, with no login yet."""
    with meddling(google.endpoint) as meddler:
        meddler.spoil = tokens.require
        google.jsobj.variables = {ENDPOINT: f"{meddler.origin}/storage/v1/"}
        yield meddler


def robot(google: GoogleScene, tokens: TokenServer, key: str) -> Path:
    """A service account's file, in use."""
    path = service_account(google.jsobj.folder, tokens.url, key)
    google.jsobj.variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    google.jsobj._secrets |= {line for line in key.splitlines() if len(line) > 40}
    return path


def person(google: GoogleScene, tokens: TokenServer) -> Path:
    """Where gcloud writes the login of a person."""
    path = google.jsobj.home / ".config/gcloud/application_default_credentials.json"
    path.parent.mkdir(parents=True)
    info = {"type": "authorized_user", "client_id": "c.apps", "client_secret": "secret-of-gcloud-itself"}
    path.write_text(json.dumps({**info, "refresh_token": REFRESH, "token_uri": tokens.url}))
    path.chmod(0o600)
    google.jsobj.private.add(path)
    google.jsobj._secrets |= {REFRESH, "secret-of-gcloud-itself"}
    return path


def run(google: GoogleScene, *words: Any, code: int = 0) -> Any:
    """A command's document, or its error's."""
    done = google.jsobj(*words, "--json", code=code)
    return done.error if code else done.json


@pytest.mark.usefixtures("guarded")
def test_a_service_account(google: GoogleScene, tokens: TokenServer, key: str) -> None:
    robot(google, tokens, key)
    google.jsobj("upload", google.file("f", b"data"), f"{google.url}/k")
    assert google.data("k") == b"data"
    assert tokens.asked[0]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    said = google.jsobj("cat", f"{google.url}/k", "--debug").err
    assert "/token" in said
    assert tokens.asked[0]["assertion"][0] not in said
    google.jsobj._secrets |= {*tokens.given, *(each["assertion"][0] for each in tokens.asked)}


@pytest.mark.usefixtures("guarded")
def test_a_person_as_gcloud_keeps_it(google: GoogleScene, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's library asks for a person's token at Google alone, whatever the file says: here that is on loopback."""
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", tokens.url)
    google.put("k", b"data")
    path = person(google, tokens)
    assert run(google, "stat", f"{google.url}/k")["size"] == 4
    path.rename(google.jsobj.folder / path.name)
    google.jsobj.private.add(google.jsobj.folder / path.name)
    assert run(google, "stat", f"{google.url}/k", code=4)["reference"] == "not-public"
    google.jsobj.variables["CLOUDSDK_CONFIG"] = str(google.jsobj.folder)
    assert run(google, "stat", f"{google.url}/k")["size"] == 4
    assert tokens.asked[0]["refresh_token"] == [REFRESH]
    tokens.error = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    error = run(google, "stat", f"{google.url}/k", code=4)
    assert error["reference"] == "google-login-refused"
    assert "Token has been expired or revoked." in error["context"]
    assert "gcloud auth application-default login" in error["hint"]


@pytest.mark.usefixtures("guarded")
def test_an_external_account(google: GoogleScene, tokens: TokenServer) -> None:
    """Workload identity federation: a token of somebody else's, from a file, for one of Google's."""
    google.put("k", b"data")
    subject, path = google.jsobj.folder / "credentials-subject", google.jsobj.folder / "credentials-external.json"
    subject.write_text("header.of-somebody-elses-token.signature")
    google.jsobj._secrets.add("header.of-somebody-elses-token.signature")
    info = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": tokens.url,
        "credential_source": {"file": str(subject)},
    }
    path.write_text(json.dumps(info))
    google.jsobj.variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    assert run(google, "stat", f"{google.url}/k")["size"] == 4
    assert tokens.asked[0]["subject_token"] == [subject.read_text()]
    subject.unlink()
    assert run(google, "stat", f"{google.url}/k", code=4)["reference"] == "google-login-refused"


def test_a_token_of_the_environment(google: GoogleScene, tokens: TokenServer, guarded: Meddler) -> None:
    google.put("k", b"data")
    tokens.given.append("ya29.given-by-hand-and-long-enough")
    google.jsobj._secrets |= set(tokens.given)
    for name in ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"):
        google.jsobj.variables = {ENDPOINT: guarded.origin, name: tokens.given[-1]}
        assert run(google, "stat", f"{google.url}/k")["size"] == 4
        google.jsobj.variables[name] = "ya29.of-yesterday-and-long-enough"
        error = run(google, "stat", f"{google.url}/k", code=4)
        assert error["reference"] == "google-login-refused"
        assert "gcloud auth print-access-token" in error["hint"]


def test_tokens_end_and_others_are_got(
    google: GoogleScene, tokens: TokenServer, guarded: Meddler, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends soon is renewed before; one that is refused though it should be good, once."""
    monkeypatch.setattr("jsobj.store.foreign.google.tokens._FRESH", 0.0)
    path = robot(google, tokens, key)
    login = {ENDPOINT: guarded.origin, "GOOGLE_APPLICATION_CREDENTIALS": str(path)}
    store = google.store(**login)
    for number in range(3):
        store.put(f"k{number}", BytesSource(b"data"))
    assert len(tokens.given) == 1
    tokens.given.append("another one, which somebody else has got")
    store.get("k0", BytesSink())
    assert len(tokens.given) == 3
    tokens.seconds = 0
    store = google.store(**login)
    store.head("k0")
    store.head("k1")
    assert len(tokens.given) == 5


def test_a_token_that_is_good_yet_outlives_a_network_that_is_away(
    google: GoogleScene, tokens: TokenServer, guarded: Meddler, key: str
) -> None:
    path = robot(google, tokens, key)
    store = google.store(**{ENDPOINT: guarded.origin, "GOOGLE_APPLICATION_CREDENTIALS": str(path)})
    store.put("k", BytesSource(b"data"))
    keeper: Any = store._tokens
    keeper._credentials._token_uri = "http://127.0.0.1:9/token"
    keeper._until = 0.0
    assert store.head("k").size == 4
    keeper._until = keeper._ends = 0.0
    with pytest.raises(EndpointUnreachable):
        store.head("k")


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, "make another key"),
        ({"error": "invalid_client", "error_description": "The OAuth client was not found."}, "make another key"),
    ],
)
@pytest.mark.usefixtures("guarded")
def test_a_server_of_tokens_that_refuses(
    google: GoogleScene, tokens: TokenServer, key: str, said: dict[str, str], hint: str
) -> None:
    robot(google, tokens, key)
    tokens.error = said
    error = run(google, "ls", f"{google.url}/", code=4)
    assert error["reference"] == "google-login-refused"
    assert said["error_description"] in error["context"]
    assert hint in error["hint"]


@pytest.mark.usefixtures("guarded")
def test_a_server_of_tokens_that_is_not_there(google: GoogleScene, tokens: TokenServer, key: str) -> None:
    path = robot(google, tokens, key)
    path.write_text(path.read_text().replace(tokens.url, "http://127.0.0.1:9/token"))
    assert run(google, "ls", f"{google.url}/", code=7)["reference"] == "endpoint-unreachable"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is not there"),
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        ("{}", "has no type"),
        ('{"type": "strange"}', "of the type 'strange'"),
        ('{"installed": {"client_secret": "secret-of-a-client-1"}}', "an OAuth client"),
        ('{"type": "service_account", "private_key": "secret-of-a-client-1"}', "client_email, token_uri is missing"),
    ],
)
@pytest.mark.usefixtures("guarded")
def test_a_file_that_is_no_login(google: GoogleScene, content: str | None, words: str) -> None:
    path = google.jsobj.folder / "credentials-x.json"
    if content is not None:
        path.write_text(content)
    google.jsobj._secrets.add("secret-of-a-client-1")
    google.jsobj.variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    error = run(google, "ls", f"{google.url}/", code=9)
    assert error["reference"] == "google-credentials-file"
    assert words in error["message"]
    assert "GOOGLE_APPLICATION_CREDENTIALS" in error["message"]


@pytest.mark.usefixtures("guarded")
def test_a_key_that_is_damaged_is_not_shown(google: GoogleScene, tokens: TokenServer, key: str) -> None:
    path = robot(google, tokens, key.replace("MII", "MIJ"))
    error = run(google, "ls", f"{google.url}/", code=9)
    assert error["reference"] == "google-credentials-file"
    assert path.name in error["message"]


def test_without_a_login(google: GoogleScene, guarded: Meddler) -> None:
    """Private data are told from what is not there, with where a login was looked for."""
    error = run(google, "stat", f"{google.url}/k", code=4)
    assert error["reference"] == "not-public"
    for place in (
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "application_default_credentials.json",
    ):
        assert place in error["context"]
    assert "gcloud auth application-default login" in error["hint"]
    guarded.spoil = lambda passing: passing.ask()
    google.put("k", b"public")
    assert google.jsobj("cat", f"{google.url}/k").out == "public"


PERMISSION = (
    "robot@samples.example does not have storage.objects.get access to the Google Cloud Storage object. "
    "Permission 'storage.objects.get' denied on resource (or it may not exist)."
)


@pytest.mark.parametrize(
    ("answer", "reference", "code", "words"),
    [
        (google_error(403, PERMISSION, "forbidden"), "google-forbidden", 6, "Permission 'storage.objects.get' denied"),
        (
            google_error(400, "Bucket is a requester pays bucket but no user project provided.", "required"),
            "google-billing",
            6,
            "requester pays",
        ),
        (
            google_error(
                403, "The billing account for the owning project is disabled in state absent", "accountDisabled"
            ),
            "google-billing",
            6,
            "billing account",
        ),
        (google_error(404, "The specified bucket does not exist.", "notFound"), "bucket-not-found", 5, ""),
        (google_error(404, "No such object: b/k", "notFound"), "object-not-found", 5, ""),
        (google_error(400, "Something odd", "invalid"), "google-failed", 1, "Something odd"),
        ((200, {"content-type": "text/html"}, b"<html>log in</html>"), "not-object-store", 7, ""),
        ((302, {"location": "https://portal.example/"}, b""), "not-object-store", 7, ""),
    ],
)
def test_refusals_in_googles_words(
    google: GoogleScene, tokens: TokenServer, key: str, guarded: Meddler, answer: Answer, reference: str, code: int,
    words: str,
) -> None:  # fmt: skip
    robot(google, tokens, key)
    guarded.spoil = lambda passing: answer
    error = run(google, "stat", f"{google.url}/k", code=code)
    assert error["reference"] == reference
    assert words in error["context"]


def test_who_pays_is_told(google: GoogleScene, tokens: TokenServer, key: str, guarded: Meddler) -> None:
    seen: list[str] = []

    def note(passing: Passing) -> Answer | None:
        seen.append(passing.headers.get("x-goog-user-project", ""))
        return passing.ask()

    guarded.spoil = note
    robot(google, tokens, key)
    google.jsobj.variables["GOOGLE_CLOUD_QUOTA_PROJECT"] = "samples-pay"
    google.jsobj("ls", f"{google.url}/")
    assert set(seen) == {"samples-pay"}


def test_a_machine_of_googles(google: GoogleScene, tokens: TokenServer, guarded: Meddler) -> None:
    """Its metadata server gives the tokens."""
    google.put("k", b"data")
    google.jsobj.variables["GCE_METADATA_HOST"] = urlsplit(tokens.url).netloc
    assert google.jsobj.process("cat", f"{google.url}/k").out == "data"
    assert guarded.seen


def test_the_doctor_looks_at_the_login(google: GoogleScene, tokens: TokenServer, key: str, guarded: Meddler) -> None:
    def found(code: int = 0) -> dict[str, Any]:
        checks = google.jsobj("doctor", "--bucket", google.url, "--json", code=code).json["checks"]
        own = (check for check in checks if check["id"].startswith("google-"))
        return {check["id"]: (check["status"], check["evidence"]["found"]) for check in own}

    refused = found(10)
    assert [status for status, _ in refused.values()] == ["PASS", "PASS", "FAIL"]
    path = robot(google, tokens, key)
    well = found()
    assert {status for status, _ in well.values()} == {"PASS"}
    assert "service account" in well["google-login"][1]
    path.chmod(0o644)
    assert found()["google-login"][0] == "WARN"
    tokens.error = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    assert [status for status, _ in found(10).values()] == ["WARN", "FAIL", "SKIP"]
    path.unlink()
    assert [status for status, _ in found(10).values()] == ["FAIL", "SKIP", "SKIP"]
    assert guarded.seen
    assert "google-login" not in google.jsobj("doctor", "files", "--json").out


def test_a_signed_url(google: GoogleScene, tokens: TokenServer, key: str) -> None:
    """Its signature is the key's, over what Google documents."""
    import hashlib

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    robot(google, tokens, key)
    google.jsobj.variables.pop("STORAGE_EMULATOR_HOST")
    url = google.jsobj("presign", "gs://bucket/a b/ü", "--expires", "2h").lines[0]
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("storage.googleapis.com", "/bucket/a%20b/%C3%BC")
    query, _, signature = parts.query.partition("&X-Goog-Signature=")
    told = {name: values[0] for name, values in parse_qs(query).items()}
    assert told["X-Goog-Expires"] == "7200"
    scope = told["X-Goog-Credential"].removeprefix("robot@samples.example/")
    request = f"GET\n{parts.path}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signed = f"GOOG4-RSA-SHA256\n{told['X-Goog-Date']}\n{scope}\n{digest}"
    public = serialization.load_pem_private_key(key.encode(), None).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(bytes.fromhex(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert tokens.asked == []
    google.jsobj("presign", "gs://bucket/k", "--expires", "30d", code=2)
    google.jsobj.variables.pop("GOOGLE_APPLICATION_CREDENTIALS")
    assert run(google, "presign", "gs://bucket/k", code=4)["reference"] == "presign-no-key"


def test_without_googles_library(google: GoogleScene, tokens: TokenServer, key: str, tmp_path: Path) -> None:
    """Public data need none; a login says what to install."""
    google.put("k", b"public")
    (tmp_path / "google").mkdir()
    (tmp_path / "google/__init__.py").write_text("")
    path = f"{tmp_path}:{google.jsobj.environment()['PYTHONPATH']}"
    assert google.jsobj.process("cat", f"{google.url}/k", env={"PYTHONPATH": path}).out == "public"
    robot(google, tokens, key)
    google.jsobj.variables.pop("STORAGE_EMULATOR_HOST")
    done = google.jsobj.process("cat", f"{google.url}/k", env={"PYTHONPATH": path}, code=2)
    assert "pip install 'jsobj[clouds]'" in done.err


def test_reading_settings_loads_no_library(google: GoogleScene) -> None:
    code = "import sys, jsobj.store.foreign.google.store; print([m for m in sys.modules if m.startswith('google')])"
    env = google.jsobj.environment()
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(JsobjError):
        google.store(GOOGLE_APPLICATION_CREDENTIALS="/nowhere")
