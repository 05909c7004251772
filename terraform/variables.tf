variable "region" {
  description = "AWS region, such as eu-central-1. Null takes the environment's (AWS_REGION or the profile)."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region code such as eu-central-1, or null to take the environment's."
  }
}

variable "name" {
  description = "Name of the ECR repository and prefix of every other name. Changing it replaces the repository."
  type        = string
  default     = "todo"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 32
    error_message = "name must be 2 to 32 lower-case letters, digits and single hyphens, starting with a letter: ECR accepts nothing else."
  }
}

variable "tags" {
  description = "Tags for every resource, beside Project and ManagedBy."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC, /16 to /23. It is cut into 16 equal subnets. Changing it replaces the network."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  # A /23 gives subnets of /27, the smallest that a load balancer accepts.
  validation {
    condition     = can(regex("/(1[6-9]|2[0-3])$", var.vpc_cidr))
    error_message = "vpc_cidr must have a prefix length from /16 to /23, such as 10.0.0.0/16."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr && can(cidrnetmask(var.vpc_cidr)), false)
    error_message = "vpc_cidr must be an IPv4 range that starts at its first address, such as 10.0.0.0/16 (not 10.0.0.1/16)."
  }
}

variable "availability_zones" {
  description = "Zones to spread over, at least two; append to extend, for a zone's place decides its addresses. Null takes the region's first two."
  type        = list(string)
  default     = null

  validation {
    condition     = try(length(var.availability_zones) >= 2 && length(var.availability_zones) <= 8, var.availability_zones == null)
    error_message = "availability_zones must name 2 to 8 zones: the load balancer and the database need two, the address plan has room for eight."
  }

  validation {
    condition     = try(length(distinct(var.availability_zones)) == length(var.availability_zones), var.availability_zones == null)
    error_message = "availability_zones must not name a zone twice."
  }

  validation {
    condition     = try(alltrue([for zone in var.availability_zones : can(regex("^[a-z]{2}(-[a-z0-9]+)+-[0-9][a-z]$", zone))]), var.availability_zones == null)
    error_message = "availability_zones must be zone names such as eu-central-1a."
  }
}

variable "nat_gateway" {
  description = <<-EOT
    How private subnets reach the internet:
    "single" is one gateway (cheapest; its zone failing cuts every zone off), "per_zone" one in each zone,
    "none" no way out at all: tasks then need VPC endpoints for ECR, S3, CloudWatch Logs and Secrets Manager.
  EOT
  type        = string
  default     = "single"
  nullable    = false

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat_gateway)
    error_message = "nat_gateway must be \"none\", \"single\" or \"per_zone\"."
  }
}

variable "image_retention_count" {
  description = "How many of the newest images the repository keeps. Keep more than are pushed between two deployments."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.image_retention_count >= 2 && var.image_retention_count <= 1000 && floor(var.image_retention_count) == var.image_retention_count
    error_message = "image_retention_count must be a whole number from 2 (the running image and the one to roll back to) to 1000."
  }
}

variable "repository_kms_key_arn" {
  description = "KMS key that encrypts the images. Null takes the account's aws/ecr key. Changing it replaces the repository."
  type        = string
  default     = null

  validation {
    condition     = var.repository_kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.repository_kms_key_arn))
    error_message = "repository_kms_key_arn must be the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), or null for the account's aws/ecr key."
  }
}

variable "repository_force_delete" {
  description = "Whether `terraform destroy` may delete a repository that still holds images."
  type        = bool
  default     = false
  nullable    = false
}
