# What only an apply shows: which resource refers to which. The provider is a mock, so nothing is created.

mock_provider "aws" {}

variables {
  region             = "eu-central-1"
  availability_zones = ["eu-central-1b", "eu-central-1a"]
  nat_gateway        = "per_zone"
}

run "subnet_outputs_follow_the_order_of_the_zones" {
  assert {
    condition     = output.public_subnet_ids == [aws_subnet.public["eu-central-1b"].id, aws_subnet.public["eu-central-1a"].id]
    error_message = "public_subnet_ids must follow availability_zones."
  }

  assert {
    condition     = output.private_subnet_ids == [aws_subnet.private["eu-central-1b"].id, aws_subnet.private["eu-central-1a"].id]
    error_message = "private_subnet_ids must follow availability_zones."
  }
}

run "private_traffic_stays_in_its_zone" {
  assert {
    condition = alltrue([
      for zone in var.availability_zones :
      aws_route.private_to_nat[zone].nat_gateway_id == aws_nat_gateway.this[zone].id
      && aws_nat_gateway.this[zone].subnet_id == aws_subnet.public[zone].id
      && aws_route_table_association.private[zone].route_table_id == aws_route.private_to_nat[zone].route_table_id
    ])
    error_message = "A zone's private subnet must leave through the gateway in the same zone's public subnet."
  }
}

run "only_public_subnets_reach_the_internet_gateway" {
  assert {
    condition = alltrue([
      for association in aws_route_table_association.public :
      association.route_table_id == aws_route.public_to_internet.route_table_id
    ])
    error_message = "Every public subnet must use the table with the internet route."
  }

  assert {
    condition = !contains(
      [for association in aws_route_table_association.private : association.route_table_id],
      aws_route.public_to_internet.route_table_id,
    )
    error_message = "A private subnet must not use the table with the internet route."
  }
}
