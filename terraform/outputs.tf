# These names are a contract: the Pulumi program reads them from the state. Add freely; renaming or removing one breaks it.

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "availability_zones" {
  description = "The zones in use. Both lists of subnets follow this order."
  value       = local.zones
}

output "public_subnet_ids" {
  description = "Subnets with a route to the internet gateway: the load balancer's place. One for each zone."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Subnets that the internet cannot reach: the place of tasks and database. One for each zone."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "repository_url" {
  description = "Where the app's images are pushed to and pulled from, without a tag."
  value       = aws_ecr_repository.app.repository_url
}
