"""What a preview costs, beside `terraform plan` and without policies: `make bench-preview`.

Both tools look at an equal set of resources, which is deployed and unchanged, at the same emulator,
taking turns. `terraform plan` reads every resource again, `pulumi preview` does not unless asked
to: hence it is also measured with `-refresh=false`. The policies are measured on the program of
the stack `prod` and its config, once and ten times in one stack, as nothing of it is deployed.
"""
