"""A JupyterHub to try nbpipe behind: two users, this machine alone, everything in one folder."""

import os
import secrets
import shutil
import sys
from pathlib import Path

c = get_config()  # noqa: F821

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
STATE = Path(os.environ.get("NBPIPE_HUB_STATE", HERE / "state")).resolve()
PORT = int(os.environ.get("NBPIPE_HUB_PORT", "8000"))
BIN = Path(sys.executable).parent
USERS = {"alice", "bob"}


def password() -> str:
    """Return the password of both users, made up at the first start."""
    file = STATE / "password"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(9))
    return file.read_text()


def furnish(spawner) -> None:
    """Put the examples into a user's folder when it is made."""
    home = Path(spawner.home_dir)
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
        ignored = shutil.ignore_patterns(".nbpipe", ".ipynb_checkpoints", "nbpipe.lock")
        shutil.copytree(EXAMPLES, home / "examples", ignore=ignored)


os.umask(0o077)
STATE.mkdir(exist_ok=True, parents=True)
STATE.chmod(0o700)

# Nothing listens but to this machine. Without these the Hub takes 8000, 8001 and 8081, and leaves
# its files where it was started.
c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 2}"
c.ConfigurableHTTPProxy.command = [str(HERE / "node_modules/.bin/configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = True

# Any user of this machine reaches 127.0.0.1, so there is a password. It is one for both users.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password()
c.Authenticator.allowed_users = USERS

# Servers run as whoever started the Hub: the users are kept apart by the Hub's tokens and cookies,
# not by the operating system.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "homes" / "{username}")
c.Spawner.pre_spawn_hook = furnish
c.Spawner.cmd = [str(BIN / "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120
c.Spawner.environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

print(
    f"\nJupyterHub: http://127.0.0.1:{PORT}   users: {', '.join(sorted(USERS))}"
    f"   password: {password()}\n",
    flush=True,
)
