"""Images from scratch around one static program each, built by buildah and pushed to the registry."""

import shutil
import subprocess
import tempfile
from pathlib import Path


class Images:
    def __init__(self, state, registry):
        self._state = Path(state) / "buildah"
        self._registry = registry

    def push(self, repository, tag, program, arguments=(), environment=None, user="65532:65532"):
        """Builds and pushes `repository:tag`; returns the digest that the registry has it under."""
        container = self._buildah("from", "scratch")
        self._buildah("copy", "--quiet", container, str(program), f"/{program.name}")
        settings = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        entry = ", ".join(f'"{word}"' for word in (f"/{program.name}", *arguments))
        self._buildah("config", f"--entrypoint=[{entry}]", f"--user={user}", *settings,
                      f"--label=org.opencontainers.image.version={tag}", container)
        name = f"{self._registry.host}/{repository}:{tag}"
        self._buildah("commit", "--quiet", "--format=oci", container, name)
        self._buildah("rm", container)
        with tempfile.NamedTemporaryFile("r", encoding="ascii") as digest:
            self._buildah("push", "--quiet", "--tls-verify=false", f"--digestfile={digest.name}", name, f"docker://{name}")
            return digest.read().strip()

    def remove(self):
        """What was needed to build; the registry has what was built."""
        shutil.rmtree(self._state, ignore_errors=True)

    def _buildah(self, *words):
        command = ["buildah", f"--root={self._state}/root", f"--runroot={self._state}/run", "--storage-driver=vfs",
                   "--registries-conf=/dev/null", *words]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise RuntimeError(f"buildah {' '.join(words)}: {answer.stderr.strip()}")
        return answer.stdout.strip()
