"""The course's hub, with a key for the test: what only its administrator may do, the test may."""

import os
from pathlib import Path

if "get_config" in globals():  # jupyterhub runs this file; pytest only looks at it
    load_subconfig(str(Path(__file__).parents[2] / "publish" / "hub" / "jupyterhub_config.py"))  # noqa: F821
    c = get_config()  # noqa: F821
    c.JupyterHub.services = [{"name": "test", "api_token": os.environ["HUB_TEST_TOKEN"]}]
    scopes = ["admin:users", "admin:servers", "tokens", "access:servers"]
    c.JupyterHub.load_roles = [{"name": "test", "scopes": scopes, "services": ["test"]}]
    c.ConfigurableHTTPProxy.api_url = os.environ["HUB_TEST_PROXY"]
    c.JupyterHub.hub_port = int(os.environ["HUB_TEST_PORT"])
