# Every wrong value is refused at plan time, by the variable it belongs to. Nothing here talks to AWS.

mock_provider "aws" {}

variables {
  region             = "eu-central-1"
  availability_zones = ["eu-central-1a", "eu-central-1b"]
}

run "region_must_be_a_region_code" {
  command = plan
  variables { region = "Frankfurt" }
  expect_failures = [var.region]
}

run "name_must_be_lower_case" {
  command = plan
  variables { name = "Todo" }
  expect_failures = [var.name]
}

run "name_must_not_end_with_a_hyphen" {
  command = plan
  variables { name = "todo-" }
  expect_failures = [var.name]
}

run "name_must_fit_into_other_names" {
  command = plan
  variables { name = "todo-0123456789-0123456789-0123456789" }
  expect_failures = [var.name]
}

run "network_must_not_be_too_small_for_load_balancers" {
  command = plan
  variables { vpc_cidr = "10.0.0.0/24" }
  expect_failures = [var.vpc_cidr]
}

run "network_must_not_be_larger_than_aws_allows" {
  command = plan
  variables { vpc_cidr = "10.0.0.0/15" }
  expect_failures = [var.vpc_cidr]
}

run "network_must_start_at_its_first_address" {
  command = plan
  variables { vpc_cidr = "10.0.0.1/16" }
  expect_failures = [var.vpc_cidr]
}

run "network_must_be_ipv4" {
  command = plan
  variables { vpc_cidr = "fd00::/16" }
  expect_failures = [var.vpc_cidr]
}

run "one_zone_is_not_enough" {
  command = plan
  variables { availability_zones = ["eu-central-1a"] }
  expect_failures = [var.availability_zones]
}

run "nine_zones_do_not_fit_the_address_plan" {
  command = plan
  variables {
    availability_zones = [for letter in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] : "eu-central-1${letter}"]
  }
  expect_failures = [var.availability_zones]
}

run "a_zone_must_not_be_named_twice" {
  command = plan
  variables { availability_zones = ["eu-central-1a", "eu-central-1a"] }
  expect_failures = [var.availability_zones]
}

run "a_region_is_not_a_zone" {
  command = plan
  variables { availability_zones = ["eu-central-1a", "eu-central-1"] }
  expect_failures = [var.availability_zones]
}

run "nat_gateway_must_be_a_known_mode" {
  command = plan
  variables { nat_gateway = "double" }
  expect_failures = [var.nat_gateway]
}

run "retention_must_leave_an_image_to_roll_back_to" {
  command = plan
  variables { image_retention_count = 1 }
  expect_failures = [var.image_retention_count]
}

run "retention_must_be_a_whole_number" {
  command = plan
  variables { image_retention_count = 2.5 }
  expect_failures = [var.image_retention_count]
}

run "repository_key_must_be_a_key_arn" {
  command = plan
  variables { repository_kms_key_arn = "alias/aws/ecr" }
  expect_failures = [var.repository_kms_key_arn]
}
