data "aws_availability_zones" "in_region" {
  count = var.availability_zones == null ? 1 : 0

  state = "available"

  # Local and Wavelength zones need opting in, and neither Fargate nor RDS Multi-AZ spans them.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = var.availability_zones != null ? var.availability_zones : slice(sort(data.aws_availability_zones.in_region[0].names), 0, 2)

  # The lower eight of the sixteen ranges are public, the upper eight private, so zones can be appended later.
  subnet_cidrs = {
    public  = { for place, zone in local.zones : zone => cidrsubnet(var.vpc_cidr, 4, place) }
    private = { for place, zone in local.zones : zone => cidrsubnet(var.vpc_cidr, 4, place + 8) }
  }

  # Zone => the zone whose NAT gateway carries its private traffic.
  nat_zone_of = {
    none     = {}
    single   = { for zone in local.zones : zone => local.zones[0] }
    per_zone = { for zone in local.zones : zone => zone }
  }[var.nat_gateway]
}
