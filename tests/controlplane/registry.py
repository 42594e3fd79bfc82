"""Debian's docker-registry on loopback, and tiny images in it: each tag has a digest of its own.

Three doors to the same kind of registry: open, behind basic auth, and behind a token server of ours.
"""

import base64
import hashlib
import http.server
import json
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from controlplane import pki
from controlplane.processes import answers, free_ports, wait_until

USER, PASSWORD = "puller", "correct-horse"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """One docker-registry process."""

    def __init__(self, processes, name="registry", basic_auth=False, token_realm=None, tls=None):
        self.processes, self.name = processes, name
        self.basic_auth, self.token_realm, self.tls = basic_auth, token_realm, tls
        self._port = None

    @property
    def port(self):
        """The same after a restart: what was told of it still holds. Known to other processes too."""
        settings = self._folder / "config.yml"
        if self._port is None and settings.exists():
            self._port = int(yaml.safe_load(settings.read_text())["http"]["addr"].rpartition(":")[2])
        return self._port

    @property
    def _folder(self):
        return self.processes.state / self.name

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def up(self):
        folder = self._folder
        folder.mkdir(parents=True, exist_ok=True)
        self._port = self._port or free_ports(1)[0]
        config = {
            "version": "0.1", "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}},
            "http": {"addr": self.host}}
        if self.tls:
            config["http"]["tls"] = {"certificate": str(self.tls[0]), "key": str(self.tls[1])}
        if self.basic_auth:
            config["auth"] = {"htpasswd": {"realm": "patchwave-tests", "path": str(self._password_file(folder))}}
        if self.token_realm:
            config["auth"] = {"token": self.token_realm.registry_settings()}
        path = folder / "config.yml"
        path.write_text(yaml.safe_dump(config))
        self.processes.start(self.name, ["docker-registry", "serve", path])
        wait_until(self._listens, 60, lambda: f"{self.name} ready\n{self.processes.last_words(self.name)}")
        return self

    def down(self):
        self.processes.stop(self.name)

    def push(self, repository, tag, platforms=("linux/amd64",), age_hours=72):
        """Puts a minimal image there and returns its digest; an index when there are several platforms."""
        manifests = [self._push_manifest(repository, tag, platform, age_hours) for platform in platforms]
        if len(manifests) == 1:
            body, media_type = manifests[0][1], MANIFEST
        else:
            media_type = INDEX
            body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                {"mediaType": MANIFEST, "digest": digest, "size": len(data),
                 "platform": dict(zip(("os", "architecture"), platform.split("/")))}
                for (digest, data), platform in zip(manifests, platforms)]}).encode()
        self._put(repository, f"manifests/{tag}", body, media_type)
        return digest_of(body)

    def _push_manifest(self, repository, tag, platform, age_hours):
        os_name, architecture = platform.split("/")
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age_hours * 3600))
        layer = b"\x1f\x8b" + f"{repository}:{tag}".encode()
        config = json.dumps({"architecture": architecture, "os": os_name, "created": created,
                             "config": {"Labels": {"org.opencontainers.image.version": tag}},
                             "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}}).encode()
        for blob in (layer, config):
            self._upload(repository, blob)
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": digest_of(layer), "size": len(layer)}]}).encode()
        self._put(repository, f"manifests/{digest_of(manifest)}", manifest, MANIFEST)
        return digest_of(manifest), manifest

    def _upload(self, repository, blob):
        answer = self._request("POST", f"/v2/{repository}/blobs/uploads/", repository)
        place = urllib.parse.urlsplit(answer.headers["Location"])
        query = "&".join(filter(None, [place.query, f"digest={digest_of(blob)}"]))
        self._request("PUT", f"{place.path}?{query}", repository, blob, "application/octet-stream")

    def _put(self, repository, place, body, media_type):
        self._request("PUT", f"/v2/{repository}/{place}", repository, body, media_type)

    def _request(self, method, path, repository, body=None, content_type=None):
        request = urllib.request.Request(f"http://{self.host}{path}", data=body, method=method)
        if content_type:
            request.add_header("Content-Type", content_type)
        if self.basic_auth:
            request.add_header("Authorization", "Basic " + _basic(USER, PASSWORD))
        if self.token_realm:
            token = self.token_realm.token([{"type": "repository", "name": repository, "actions": ["pull", "push"]}])
            request.add_header("Authorization", f"Bearer {token}")
        return urllib.request.urlopen(request, timeout=60)

    def _listens(self):
        self.processes.require(self.name)
        if self.tls or self.basic_auth or self.token_realm:
            return _listens_at(self.port)
        return answers(f"http://{self.host}/v2/")

    @staticmethod
    def _password_file(folder):
        line = subprocess.run(["htpasswd", "-Bbn", USER, PASSWORD], check=True, stdout=subprocess.PIPE, text=True).stdout
        path = folder / "htpasswd"
        path.write_text(line)
        return path


class TokenServer:
    """Gives out bearer tokens as the distribution specification says, to those who know the password."""

    issuer, service = "patchwave-tests", "registry"

    def __init__(self, folder):
        self._folder = Path(folder)
        pki.authority(self._folder, "token")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.granted = []

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self):
        return f"127.0.0.1:{self._server.server_port}"

    def registry_settings(self):
        return {"realm": f"http://{self.host}/token", "service": self.service,
                "issuer": self.issuer, "rootcertbundle": str(self._folder / "token.crt")}

    def token(self, access):
        now = int(time.time())
        certificate = "".join((self._folder / "token.crt").read_text().splitlines()[1:-1])
        header = {"typ": "JWT", "alg": "ES256", "x5c": [certificate]}
        claims = {"iss": self.issuer, "sub": USER, "aud": self.service, "exp": now + 300, "nbf": now - 10, "iat": now,
                  "jti": str(time.monotonic_ns()), "access": access}
        signed = ".".join(_url64(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_url64(self._sign(signed.encode()))}"

    def _sign(self, data):
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self._folder / "token.key")], input=data,
                             check=True, stdout=subprocess.PIPE).stdout
        # ECDSA-Sig-Value, SEQUENCE {r INTEGER, s INTEGER}; a JWS has both as 32 bytes.
        r_length = der[3]
        r = int.from_bytes(der[4:4 + r_length], "big")
        s = int.from_bytes(der[6 + r_length:], "big")
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _handler(server):  # noqa: N805 - the inner class has the self that matters
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.headers.get("Authorization") != "Basic " + _basic(USER, PASSWORD):
                    self.send_error(401)
                    return
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                server.granted += query.get("scope", [])
                access = []
                for scope in query.get("scope", []):
                    kind, name, actions = scope.split(":")
                    access.append({"type": kind, "name": name, "actions": [a for a in actions.split(",") if a == "pull"]})
                body = json.dumps({"token": server.token(access), "expires_in": 300}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def _basic(user, password):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _listens_at(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=1)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
