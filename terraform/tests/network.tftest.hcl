# The network's shape, from the plan alone. Nothing here talks to AWS.

mock_provider "aws" {}

variables {
  region             = "eu-central-1"
  availability_zones = ["eu-central-1a", "eu-central-1b"]
}

run "two_zones_give_two_public_and_two_private_subnets" {
  command = plan

  assert {
    condition     = tolist(keys(aws_subnet.public)) == var.availability_zones && tolist(keys(aws_subnet.private)) == var.availability_zones
    error_message = "Each zone needs one public and one private subnet."
  }

  assert {
    condition     = output.availability_zones == var.availability_zones
    error_message = "The zones in use are part of the contract."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch == false])
    error_message = "No public subnet may hand out public addresses."
  }
}

run "subnets_do_not_overlap" {
  command = plan

  assert {
    condition = {
      public  = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block }
      private = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block }
      } == {
      public  = { "eu-central-1a" = "10.0.0.0/20", "eu-central-1b" = "10.0.16.0/20" }
      private = { "eu-central-1a" = "10.0.128.0/20", "eu-central-1b" = "10.0.144.0/20" }
    }
    error_message = "The address plan changed: every subnet would be replaced."
  }
}

run "appending_a_zone_leaves_the_others_where_they_are" {
  command = plan
  variables { availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }

  assert {
    condition     = aws_subnet.private["eu-central-1b"].cidr_block == "10.0.144.0/20" && aws_subnet.private["eu-central-1c"].cidr_block == "10.0.160.0/20"
    error_message = "A third zone must not move the second."
  }
}

run "smallest_network_leaves_subnets_a_load_balancer_accepts" {
  command = plan
  variables { vpc_cidr = "192.168.2.0/23" }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : endswith(subnet.cidr_block, "/27")])
    error_message = "A load balancer needs at least /27."
  }
}

run "one_nat_gateway_serves_both_zones_by_default" {
  command = plan

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(aws_eip.nat) == 1
    error_message = "The default is a single gateway in the first zone."
  }

  assert {
    condition     = tolist(keys(aws_route.private_to_nat)) == var.availability_zones
    error_message = "Every zone's private subnet needs the route."
  }
}

run "a_nat_gateway_in_each_zone" {
  command = plan
  variables { nat_gateway = "per_zone" }

  assert {
    condition     = tolist(keys(aws_nat_gateway.this)) == var.availability_zones && length(aws_eip.nat) == 2 && length(aws_route.private_to_nat) == 2
    error_message = "per_zone means a gateway, an address and a route in each zone."
  }
}

run "without_a_nat_gateway_private_subnets_have_no_way_out" {
  command = plan
  variables { nat_gateway = "none" }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route.private_to_nat) == 0
    error_message = "none means no gateway, no address and no route."
  }

  assert {
    condition     = length(aws_route_table_association.private) == 2
    error_message = "Private subnets must not fall back to the VPC's main route table."
  }
}

run "zones_are_looked_up_when_none_are_named" {
  command = plan
  variables { availability_zones = null }

  override_data {
    target = data.aws_availability_zones.in_region[0]
    values = { names = ["eu-central-1c", "eu-central-1a", "eu-central-1b"] }
  }

  assert {
    condition     = output.availability_zones == tolist(["eu-central-1a", "eu-central-1b"])
    error_message = "The first two zones by name are taken, whatever order AWS answers in."
  }
}
