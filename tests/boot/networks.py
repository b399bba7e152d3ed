# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks: guests get an address by DHCP and fetch a file from a web server on the host, through
libslirp, while the machine is saved, loaded and moved; and two machines that speak with each
other."""

import hashlib
import http.server
import os
import random
import re
import socket
import subprocess
import tempfile
import threading
import time

import tap
from guest import Guest, local_guest
import macs
import macs_own
from macs import power_off

SIZE = 6 << 20
DHCP = r"""cat > /tmp/dhcp << 'EOF'
#!/bin/sh
if [ "$1" = bound ]; then
    ifconfig $interface $ip netmask $subnet
    route add default gw $router
    echo "LEASE $ip $router $dns"
fi
EOF
chmod +x /tmp/dhcp"""


class WebServer:
    """Serves one file of random bytes; counts what was fetched. pace: bytes a second, None: as they
    go.
    """

    def __init__(self, size=SIZE, pace=None):
        self.content = random.Random(size).randbytes(size)
        self.digest = hashlib.sha256(self.content).hexdigest()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.end_headers()
                try:
                    for start in range(0, size, 65536):
                        self.wfile.write(outer.content[start:start + 65536])
                        if pace:
                            time.sleep(65536 / pace)
                except OSError:
                    pass    # a guest that was taken back in time, or moved

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()


def lease(guest, interface="eth0"):
    """DHCP; what the network says of itself."""
    guest.shell(f"ifconfig {interface} up")
    guest.send(DHCP + "\n")
    text = guest.shell(f"udhcpc -q -n -f -i {interface} -s /tmp/dhcp", timeout=60)
    match = re.search(r"LEASE (\S+) (\S+) (\S+)", text)
    assert match, text
    assert match.groups() == ("10.0.2.15", "10.0.2.2", "10.0.2.3"), match.groups()


def fetch(guest, server, timeout=180):
    got = guest.shell(f"wget -q -O - http://10.0.2.2:{server.port}/ | sha256sum", timeout=timeout)
    assert server.digest in got, f"another file than the server's {server.digest}:\n{got}"
    # The card's checksums are right: the kernel falls back on its own, and says so, where not.
    wrong = guest.shell("dmesg | grep -i 'csum failure' || true")
    assert "csum failure" not in wrong.replace("grep -i 'csum failure'", ""), wrong


def start_fetch(guest, server):
    guest.shell(
        f"(wget -q -O /tmp/file http://10.0.2.2:{server.port}/; echo $? > /tmp/status) > "
        "/dev/null 2>&1 & true"
    )


def finish_fetch(guest, server, timeout=180):
    guest.shell("while [ ! -e /tmp/status ]; do sleep 1; done; [ $(cat /tmp/status) = 0 ]",
                timeout=timeout)
    got = guest.shell("sha256sum /tmp/file; rm /tmp/file /tmp/status")
    assert server.digest in got, f"another file than the server's {server.digest}:\n{got}"


def give_up(guest):
    """Ends a download whose other side is gone."""
    guest.shell(
        "killall wget; while [ ! -e /tmp/status ]; do sleep 1; done; rm -f /tmp/status /tmp/file; "
        "true"
    )


def interrupts(guest, interface="eth0"):
    table = guest.shell("cat /proc/interrupts")
    match = re.search(rf"^\s*\d+:\s+(\d+)\s+.*{interface}$", table, re.M)
    assert match, f"no interrupts of {interface}:\n{table}"
    return int(match.group(1))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nic(model):
    return ("-nic", f"user,model={model}" if model else "user")


def download(name, start, reach, driver, extra):
    """DHCP, a download, a connection from the host, link down and up, and the machine's own
    listings.
    """
    port = free_port()
    extra = list(extra)
    extra[1] += f",hostfwd=tcp:127.0.0.1:{port}-:7"
    with WebServer() as server, start(name, qmp=True, extra=extra) as guest:
        reach(guest)
        found = guest.shell(
            "readlink /sys/class/net/eth0/device/driver; cat /sys/class/net/eth0/address")
        assert driver in found, f"not the driver {driver}: {found}"
        assert "52:54:00:12:34:56" in found, found
        lease(guest)
        begin = time.monotonic()
        fetch(guest, server)
        tap.diagnostic(
            f"{SIZE >> 10} KiB in {time.monotonic() - begin:.1f} s, {interrupts(guest)} interrupts")
        guest.send("nc -l -p 7 -e cat &\n")
        guest.shell("while ! netstat -ltn | grep -q :7; do sleep 1; done; ping -c 3 10.0.2.2")
        with socket.create_connection(("127.0.0.1", port), 30) as peer:
            peer.sendall(b"echo this\n")
            assert peer.recv(100) == b"echo this\n"
        network = guest.qmp.hmp("info network")
        name = re.match(r"(\S+): index=0,type=nic,", network).group(1)
        assert "type=user,net=10.0.2.0" in network, network
        assert "HOST_FORWARD" in guest.qmp.hmp("info usernet")
        guest.qmp.command("set_link", name=name, up=False)
        guest.shell("! ping -c 1 -W 2 10.0.2.2")
        guest.qmp.command("set_link", name=name, up=True)
        guest.shell(
            "i=0; until ping -c 1 -W 2 10.0.2.2; do i=$((i+1)); [ $i -lt 20 ] || exit 1; done",
            timeout=60)
        power_off(guest)


def snapshot(name, start, reach, extra):
    """The machine is saved and loaded in the middle of a download, which then goes on where the
    host still knows the connection, or ends with an error; the network itself is as good as before,
    also in another process."""
    with tempfile.TemporaryDirectory() as folder, WebServer(
            pace=3 << 20) as slow, WebServer() as fast:
        image = os.path.join(folder, "disk.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
        drive = ("-drive", f"if=none,id=d,format=qcow2,file={image}")
        with start(name, qmp=True, extra=(*extra, *drive)) as guest:
            reach(guest)
            lease(guest)
            for _ in range(3):
                start_fetch(guest, slow)
                time.sleep(0.5)
                assert guest.qmp.hmp("savevm t") == ""
                # A save alone hurts nobody.
                finish_fetch(guest, slow)
                assert guest.qmp.hmp("loadvm t") == ""
                give_up(guest)
                fetch(guest, fast)
            guest.qmp.command("quit")
            guest.wait(30)
        with start(name + "-again", qmp=True, extra=(*extra, *drive, "-loadvm", "t")) as guest:
            guest.send("\n")
            give_up(guest)
            fetch(guest, fast)
            power_off(guest)


def migrate(name, start, reach, extra):
    """Into a file while the guest loads a file, and on from there in another process."""
    with WebServer(pace=1 << 20) as server, start(name, qmp=True, extra=extra) as guest:
        path = os.path.join(guest.folder, "stream")
        reach(guest)
        lease(guest)
        start_fetch(guest, server)
        time.sleep(1)
        guest.qmp.command("migrate", uri=f"file:{path}")
        while guest.qmp.command("query-migrate")["status"] not in ("completed", "failed"):
            time.sleep(0.1)
        assert guest.qmp.command("query-migrate")["status"] == "completed"
        with start(name + "-target", qmp=True,
                   extra=(*extra, "-incoming", f"file:{path}")) as other:
            while not other.qmp.command("query-status")["running"]:
                time.sleep(0.1)
            other.send("\n")
            # The host's end of the connection stayed with the other process.
            give_up(other)
            with WebServer() as again:
                fetch(other, again)
            power_off(other)


def stop_cont(name, start, reach, extra):
    """Stopped now and then, the machine still gets the whole file."""
    with WebServer(pace=2 << 20) as server, start(name, qmp=True, extra=extra) as guest:
        reach(guest)
        lease(guest)
        start_fetch(guest, server)
        for _ in range(10):
            guest.qmp.command("stop")
            time.sleep(0.2)
            guest.qmp.command("cont")
            time.sleep(0.2)
        finish_fetch(guest, server)
        power_off(guest)


def g3beige(name, **options):
    options["extra"] = tuple(options.get("extra", ()))
    return macs.mac(name, **options)


def own_g3beige(name, **options):
    return macs.mac(name, machine="g3beige,x-vof=on", **options)


def mac99(name, **options):
    return macs.mac(name, machine="mac99", cpu="7400", **options)


def pseries(name, **options):
    return Guest(name=name, kernel=local_guest("vmlinux-ppc64be"),
                 initrd=local_guest("initramfs-ppc64be.cpio.gz"), append="console=hvc0",
                 cpu="power9_v2.0", **options)


def reach_pseries(guest):
    guest.expect(r"GUEST-UP ", 120)
    guest.expect(r"[#$] $", 30)


# A card two bridges deep, at slots whose turns of the interrupt pins OpenBIOS need not know.
BRIDGES = ("-netdev", "user,id=n", "-device", "pci-bridge,id=b1,chassis_nr=1,addr=4", "-device",
           "dec-21154-p2p-bridge,id=b2,bus=b1,addr=4", "-device",
           "rtl8139,netdev=n,bus=b2,addr=3,mac=52:54:00:12:34:56")


def row(test, name, start, reach, *arguments):
    return lambda: test(name, start, reach, *arguments)


CASES = {
    "pseries-vlan": ("quick",
                     row(download, "pseries-vlan", pseries, reach_pseries, "ibmveth", nic(None))),
    "pseries-vlan-stop": ("quick",
                          row(stop_cont, "pseries-vlan-stop", pseries, reach_pseries, nic(None))),
    "pseries-vlan-migrate": ("quick",
                             row(migrate, "pseries-vlan-migrate", pseries, reach_pseries,
                                 nic(None))),
    "pseries-vlan-snapshot": ("quick",
                              row(snapshot, "pseries-vlan-snapshot", pseries, reach_pseries,
                                  nic(None))),
    "g3beige-rtl8139":
    ("long",
     lambda: download("g3beige-rtl8139", g3beige, macs.reach_shell, "8139cp", nic("rtl8139"))),
    "g3beige-sungem":
    ("quick", lambda: download("g3beige-sungem", g3beige, macs.reach_shell, "gem", nic("sungem"))),
    "g3beige-ne2k":
    ("quick", lambda: download("g3beige-ne2k", g3beige, macs.reach_shell, "ne2k-pci", nic(None))),
    "mac99-sungem": ("long",
                     row(download, "mac99-sungem", mac99, macs.reach_shell, "gem", nic(None))),
    "g3beige-bridges":
    ("long", lambda: download("g3beige-bridges", g3beige, macs.reach_shell, "8139cp", BRIDGES)),
    "own-g3beige-bridges":
    ("long", lambda: download("own-g3beige-bridges", own_g3beige, macs_own.reach_shell, "8139cp",
                              BRIDGES)),
    "g3beige-bridges-migrate":
    ("quick", lambda: migrate("g3beige-bridges-migrate", g3beige, macs.reach_shell, BRIDGES)),
    "g3beige-network-stop":
    ("quick", lambda: stop_cont("g3beige-network-stop", g3beige, macs.reach_shell, nic(None))),
    "g3beige-network-snapshot":
    ("long", lambda: snapshot("g3beige-network-snapshot", g3beige, macs.reach_shell, nic(None))),
    "g3beige-network-migrate":
    ("quick", lambda: migrate("g3beige-network-migrate", g3beige, macs.reach_shell, nic(None))),
}
