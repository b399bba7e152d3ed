# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages for tests, without touching the host's own package configuration: apt works on a
private state in a folder of the caller's."""

import os
import subprocess


def apt_options(work, architecture):
    """Options that keep apt to a state of its own in `work`. If there is a sources.list in it, only
    that counts.
    """
    state = os.path.join(work, "apt")
    for folder in ("lists/partial", "archives/partial", "log"):
        os.makedirs(os.path.join(state, folder), exist_ok=True)
    status = os.path.join(state, "status")
    with open(status, "wb"):
        pass
    settings = [
        f"Dir::State={state}", f"Dir::State::status={status}", f"Dir::State::lists={state}/lists",
        f"Dir::Cache={state}", f"Dir::Cache::archives={state}/archives", f"Dir::Log={state}/log",
        f"APT::Architecture={architecture}", f"APT::Architectures={architecture}",
        "Debug::NoLocking=1", "APT::Sandbox::User=root", "Acquire::Languages=none"
    ]
    sources = os.path.join(work, "sources.list")
    if os.path.exists(sources):
        settings += [f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null"]
    return [word for setting in settings for word in ("-o", setting)]


def apt(work, command, cwd=None, architecture="ppc64el"):
    """Runs one command, after lists were fetched for the first one; what it said. One of several
    archives may be out of step for a moment: what matters is whether the command worked."""
    fresh = [] if os.path.exists(os.path.join(work, "apt")) else [["apt-get", "update", "-q"]]
    options = apt_options(work, architecture)
    said = ""
    for words in fresh + [command]:
        run = subprocess.run(words[:1] + options + words[1:], stdin=subprocess.DEVNULL, cwd=cwd,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said += run.stdout.decode()
    if run.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{said}")
    return run.stdout.decode()


def mirrors(suite):
    """The archives of Debian that this host's apt takes `suite` from."""
    run = subprocess.run([
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages"
    ], stdout=subprocess.PIPE, check=True)
    return sorted({
        line.split()[0]
        for line in run.stdout.decode().splitlines() if line.split()[1:] == [suite, "main"]
    })
