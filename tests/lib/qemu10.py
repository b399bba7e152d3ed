# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU 10.0 beside the host's own QEMU, to cross with: from Debian 12's backports, unpacked in the
cache folder.

Nothing of it is installed; the libraries that it needs are those of Debian 12's own QEMU.
"""

import fcntl
import functools
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import packages  # noqa: E402
import tap  # noqa: E402
from guest import cache  # noqa: E402

SUITE = "bookworm"
PACKAGES = ["qemu-system-ppc", "qemu-system-common", "qemu-system-data"]
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def fetch(final):
    """Raises RuntimeError if there is none to be had."""
    mirrors = packages.mirrors(SUITE)
    if not mirrors:
        raise RuntimeError(f"this host's apt has no {SUITE}")
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        signed = f"[signed-by={KEYS}] " if os.path.exists(KEYS) else ""
        with open(os.path.join(work, "sources.list"), "w", encoding="utf-8") as out:
            out.writelines(f"deb {signed}{uri} {SUITE}-backports main\n" for uri in mirrors)
        names = [f"{name}/{SUITE}-backports" for name in PACKAGES]
        packages.apt(work, ["apt-get", "download", "-q"] + names, cwd=work, architecture="amd64")
        tree = os.path.join(work, "tree")
        for name in sorted(os.listdir(work)):
            if name.endswith(".deb"):
                subprocess.run(["dpkg", "-x", os.path.join(work, name), tree], check=True)
        os.rename(tree, final)


def version_of(words):
    """The first line of what the command says of itself."""
    run = subprocess.run(words + ["--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         check=False)
    lines = run.stdout.decode(errors="replace").splitlines()
    return lines[
        0] if run.returncode == 0 and lines else f"{words[0]} does not run: {' '.join(lines)}"


@functools.lru_cache(None)
def command(target="ppc64"):
    """The words that start it: $GOSSAMER_QEMU10 (for ppc64), the host's own if it is of that
    version, or the cache's, fetched the first time. tap.Skip says why there is none."""
    program = f"qemu-system-{target}"
    words = shlex.split(os.environ.get("GOSSAMER_QEMU10", "")) if target == "ppc64" else []
    if not words and shutil.which(program) and "version 10.0." in version_of([program]):
        words = [program]
    if not words:
        final = os.path.join(cache(), "qemu-10.0")
        with open(os.path.join(cache(), "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(final):
                print("# fetching QEMU 10.0 from Debian's backports", file=sys.stderr)
                try:
                    fetch(final)
                except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
                    raise tap.Skip(
                        f"no QEMU 10.0: {str(error)[-300:]}; GOSSAMER_QEMU10 may name one"
                    ) from error
        words = [
            os.path.join(final, "usr", "bin", program), "-L",
            os.path.join(final, "usr", "share", "qemu"), "-L", "/usr/share/seabios", "-L",
            "/usr/lib/ipxe/qemu"
        ]
    says = version_of(words)
    if "version 10.0." not in says:
        raise tap.Skip(f"no QEMU 10.0: {says}")
    return words
