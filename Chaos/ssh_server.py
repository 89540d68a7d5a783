"""An sshd of our own on loopback, with keys made for the occasion: what copies, forwards and terminals are compared with."""

import getpass
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType

from family import free_port
from waiting import wait_until


class SSHServer:
    """Runs while the `with` lasts. Its user is whoever runs this."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "ssh"
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    @staticmethod
    def program() -> str | None:
        """None where ssh or sshd is not installed."""
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        return sshd if Path(sshd).exists() and shutil.which("ssh") else None

    def __enter__(self) -> "SSHServer":
        self.keys.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.keys / name)], check=True)
        shutil.copy(self.keys / "user.pub", self.keys / "authorized")
        (self.keys / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.keys}/host\nAuthorizedKeysFile {self.keys}/authorized\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [str(self.program()), "-D", "-e", "-f", str(self.keys / "config")], stderr=subprocess.DEVNULL)
        wait_until(self.silence, 20, "sshd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def silence(self) -> str | None:
        """Why it is not there yet; None: it is."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError as error:
            return str(error)
        return None

    def command(self, program: str, port_option: str, *arguments: str) -> list[str]:
        """`ssh` or `scp` with this server's port and keys, and nothing of the user's own configuration."""
        return [
            program, "-F", "/dev/null", port_option, str(self.port), "-i", str(self.keys / "user"), "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", *arguments]

    def ssh(self, *arguments: str) -> list[str]:
        return self.command("ssh", "-p", "-l", getpass.getuser(), *arguments)
