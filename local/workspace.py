"""Where a local system keeps its files and which names, ports and environment it uses."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

__all__ = ["DEFAULT_PORT", "REGION", "Workspace"]

DEFAULT_PORT = 4566
REGION = "eu-west-1"

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One local system: a checkout and the port its AWS endpoint listens on.

    A checkout has one system at a time. Two checkouts run side by side if their ports differ:
    `LOCAL_PORT` (default 4566) names the AWS endpoint's port; the three after it are those of the
    Application Auto Scaling endpoint and of the load balancers, for HTTP and for HTTPS.
    """

    root: Path = _ROOT
    port: int = DEFAULT_PORT

    @classmethod
    def from_environment(cls) -> Workspace:
        """Read `LOCAL_PORT`.

        Raises:
            LocalError: if it is not a usable port number.
        """
        value = os.environ.get("LOCAL_PORT", str(DEFAULT_PORT))
        if not value.isdecimal() or not 1024 <= int(value) <= 65532:  # noqa: PLR2004 - TCP's own bounds
            raise LocalError(
                f"LOCAL_PORT is {value!r}, but must be a port number from 1024 to 65532.",
                fix=f"Unset it to use {DEFAULT_PORT}, or give a free port.",
            )
        return cls(port=int(value))

    @property
    def name(self) -> str:
        """Name of the Docker network, and prefix of what runs in it."""
        return "todo-local" if self.port == DEFAULT_PORT else f"todo-local-{self.port}"

    @property
    def image_prefix(self) -> str:
        """Namespace of the images that belong to this checkout, such as the one with its CA."""
        return f"todo-local/{hashlib.sha256(str(self.root).encode()).hexdigest()[:8]}"

    @property
    def endpoint(self) -> str:
        """URL of the AWS endpoint."""
        return f"http://localhost:{self.port}"

    @property
    def autoscaling_port(self) -> int:
        """Port of the Application Auto Scaling endpoint."""
        return self.port + 1

    @property
    def autoscaling_endpoint(self) -> str:
        """URL of the Application Auto Scaling endpoint."""
        return f"http://localhost:{self.autoscaling_port}"

    @property
    def http_port(self) -> int:
        """Port of the load balancers' HTTP listeners, whatever ports these name."""
        return self.port + 2

    @property
    def https_port(self) -> int:
        """Port of the load balancers' HTTPS listeners."""
        return self.port + 3

    @property
    def home(self) -> Path:
        """Everything a local run makes, outside of git."""
        return self.root / ".local"

    @property
    def cache(self) -> Path:
        """Downloads and builds, addressed by content; survives `down`."""
        return self.home / "cache"

    @property
    def logs(self) -> Path:
        """Full output of every command, a file each."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Locks, copies of config, and the id of a Docker engine that is ours."""
        return self.home / "run"

    @property
    def tls(self) -> Path:
        """The certificate authorities of the local database and of the load balancers."""
        return self.home / "tls"

    @property
    def venv(self) -> Path:
        """The project's virtual environment, also named in Pulumi.yaml."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Python of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def terraform_state(self) -> Path:
        """The state file that Pulumi.local.yaml points at; never the one in `terraform/`."""
        return self.home / "terraform.tfstate"

    @property
    def terraform_applied(self) -> Path:
        """Exists as long as something runs that the Terraform state describes."""
        return self.run / f"terraform-applied-{self.port}"

    @property
    def pulumi_home(self) -> Path:
        """A PULUMI_HOME of the project's own, so that the user's is never touched."""
        return self.home / "pulumi"

    @property
    def pulumi_state(self) -> Path:
        """The file backend that holds the local stack."""
        return self.home / "state"

    def environment(self) -> dict[str, str]:
        """Environment in which the AWS SDKs, Terraform and Pulumi talk to this system.

        This is all that makes a run local: the programs themselves do not know of it.
        """
        stated = map(os.environ.get, ("no_proxy", "NO_PROXY"))
        direct = ",".join(dict.fromkeys(filter(None, (*stated, "localhost,127.0.0.1"))))
        state = f"-state={self.terraform_state}"
        return {
            **{name: value for name, value in os.environ.items() if not _is_foreign(name)},
            "NO_PROXY": direct,
            "no_proxy": direct,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": self.autoscaling_endpoint,
            # Before a name, SDKs put the bucket's: not every resolver knows *.localhost.
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_BACKEND_URL": self.pulumi_state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "DOCKER_BUILDKIT": os.environ.get("DOCKER_BUILDKIT", "0"),
            "TF_DATA_DIR": str(self.home / "terraform"),
            **{f"TF_CLI_ARGS_{c}": state for c in ("apply", "plan", "destroy", "output")},
            "TF_IN_AUTOMATION": "true",
            "CHECKPOINT_DISABLE": "true",
        }


def _is_foreign(variable: str) -> bool:
    """Whether a variable is about the user's own accounts, stacks or states."""
    tools = variable.startswith(("AWS_", "PULUMI_", "TF_"))
    return tools and variable not in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR")
