output "vpc_id" { value = "vpc-0a1b2c3d4e5f60718" }
output "public_subnet_ids" { value = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"] }
output "private_subnet_ids" { value = ["subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2"] }
output "availability_zones" { value = ["eu-west-1a", "eu-west-1b"] }
output "repository_url" { value = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/todo" }
