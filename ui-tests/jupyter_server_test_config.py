"""A server for the browser tests: no password, so it listens to this machine alone."""

import os
import tempfile

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821

# What the tests change (settings, layout, trust) stays out of the person's own files.
home = tempfile.mkdtemp(prefix="nbpipe-ui-")
os.environ["JUPYTER_CONFIG_DIR"] = os.path.join(home, "config")
os.environ["JUPYTER_DATA_DIR"] = os.path.join(home, "data")
os.environ["IPYTHONDIR"] = os.path.join(home, "ipython")

configure_jupyter_server(c)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ.get("NBPIPE_TEST_PORT", "8899"))
c.ServerApp.allow_root = True
c.LabApp.user_settings_dir = os.path.join(home, "settings")
c.LabApp.workspaces_dir = os.path.join(home, "workspaces")
