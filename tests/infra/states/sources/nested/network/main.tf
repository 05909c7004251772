# Modules of the field give whole resources out: lists, and maps by zone.
resource "terraform_data" "private" {
  for_each = { eu-west-1a = "subnet-0bbbbbbbbbbbbbbb1", eu-west-1b = "subnet-0bbbbbbbbbbbbbbb2" }
  input    = { id = each.value, zone = each.key }
}
output "vpc" { value = { id = "vpc-0a1b2c3d4e5f60718", cidr = "10.0.0.0/16" } }
output "public" {
  value = [
    { id = "subnet-0aaaaaaaaaaaaaaa1", zone = "eu-west-1a" },
    { id = "subnet-0aaaaaaaaaaaaaaa2", zone = "eu-west-1b" },
  ]
}
output "private" { value = { for zone, one in terraform_data.private : zone => one.output } }
output "nat_ips" { value = null }
output "tier" { value = { count = 2, ratio = 0.5, enabled = true } }
