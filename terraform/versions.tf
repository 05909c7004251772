terraform {
  # The code itself needs 1.6; `terraform test` needs 1.7, where mock_provider arrived.
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source = "hashicorp/aws"

      # Both major versions are supported, and 5.100 is what offline mirrors still carry. A lock file would
      # pin one version and its checksums and so refuse the other, which is why none is committed here: this
      # range is the promise. Where the code runs against one account for good, run `terraform providers lock`
      # for the platforms in use and commit the result there.
      version = ">= 5.100, < 7"
    }
  }

  # State is a local file until somebody chooses otherwise. For a shared one, uncomment the next line and give
  # the particulars at init, so that no account's bucket is named in the code:
  #   terraform init -backend-config=bucket=BUCKET -backend-config=key=todo/terraform.tfstate \
  #     -backend-config=region=REGION -backend-config=encrypt=true -backend-config=use_lockfile=true
  #
  # backend "s3" {}
}

# Credentials, region and endpoints come from the environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …).
provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Project = var.name, ManagedBy = "terraform" }, var.tags)
  }
}
