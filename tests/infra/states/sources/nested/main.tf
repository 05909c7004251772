module "network" { source = "./network" }
output "network" { value = module.network }
output "registries" {
  value = {
    todo = { repository_url = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/todo", scan = true }
  }
}
