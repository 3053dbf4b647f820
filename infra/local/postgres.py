"""PostgreSQL from a package: made, started, asked and stopped; as the user `postgres` where we are root."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from infra.local.process import STACK

HOST, USER, DATABASE = "127.0.0.1", "mathmill", "prefect"


class Postgres:
    """A database cluster in `folder`, on a port of this machine alone, with a password of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.data = folder, port, folder / "postgres"
        self.secret, self.user = folder / "password", "postgres" if os.getuid() == 0 else None

    @property
    def url(self) -> str:
        """For Prefect; holds the password."""
        return f"postgresql+asyncpg://{USER}:{self.secret.read_text().strip()}@{HOST}:{self.port}/{DATABASE}"

    def up(self) -> None:
        """Running and with its database in it. Raises `CalledProcessError`, `SystemExit` where it is not installed."""
        if not (self.data / "PG_VERSION").exists():
            self._make()
        if not self.healthy():
            options = f"-p {self.port} -h {HOST} -c unix_socket_directories="
            self._as("pg_ctl", "-D", str(self.data), "-l", str(self.data / "server.log"), "-o", options, "-w",
                     "-t", "60", "start")
        if self._ask("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'") != "1":
            self._ask("postgres", f"CREATE DATABASE {DATABASE}")
        self._ask(DATABASE, "CREATE EXTENSION IF NOT EXISTS pg_trgm")

    def down(self) -> None:
        """Stopped, with everything on disk."""
        if (self.data / "postmaster.pid").exists():
            self._as("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop", check=False)

    def installed(self) -> None:
        """Raises `SystemExit` where it is not."""
        _binary("initdb")

    def healthy(self) -> bool:
        """Whether it takes connections."""
        if not (self.data / "PG_VERSION").exists():
            return False
        words = [_binary("pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(words, check=False, capture_output=True).returncode == 0

    def _make(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.data, self.user)
        self.secret.touch(mode=0o600)
        self.secret.write_text(secrets.token_urlsafe(24))
        shown = self.data.with_name("postgres.first")  # a copy that the database's user may read, for this moment
        shown.touch(mode=0o600)
        try:
            shown.write_bytes(self.secret.read_bytes())
            if self.user:
                shutil.chown(shown, self.user)
            self._as("initdb", "-D", str(self.data), "-U", USER, "--auth=scram-sha-256", "--encoding=UTF8",
                     f"--pwfile={shown}")
        finally:
            shown.unlink()

    def _ask(self, database: str, sql: str) -> str:
        words = [_binary("psql"), "-h", HOST, "-p", str(self.port), "-U", USER, "-d", database, "-Atc", sql]
        secret = {"PGPASSWORD": self.secret.read_text().strip()}
        done = subprocess.run(words, env={**os.environ, **secret}, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _as(self, program: str, *words: str, check: bool = True) -> None:
        env = {name: value for name, value in os.environ.items() if name != STACK}  # it is not swept: it is stopped
        with open(self.folder / "postgres.log", "a") as log:
            subprocess.run([_binary(program), *words], user=self.user, check=check, stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log, cwd="/", env=env, start_new_session=True)


def _binary(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise SystemExit("PostgreSQL is not installed\n  mend: apt-get install postgresql")
    return str(found[-1])
