"""What a preview costs, beside `terraform plan` and without policies: `make bench-preview`.

Both tools look at an equal set of resources, which is deployed and unchanged, at the same emulator,
taking turns. `terraform plan` reads every resource again, `pulumi preview` does not unless asked
to: hence it is also measured with `-refresh=false`. The policies are measured on the program of
the stack `prod` and its config, once and ten times in one stack, as nothing of it is deployed.

Where the time goes (each run prints it anew, process by process):

- 60 unchanged resources: 3 s on two cores. Half a second until the program starts, as the engine
  starts a language host to ask it and another one to work. Then a second in which Python reads the
  SDK, while AWS plugin and provider start beside it (local/toolchain/early_plugin.py: one after the
  other, it was 3.6 s). Both tools spend most of the rest on the provider's schema of 1,500 types.
- Another 140: 1.3 s. For each, 5 ms of the program, 4 of the engine, 2 to 3 of plugin and provider.
- The stack `prod`, all to be made: 8 s, of which 3 are for the one firewall: the schema of a web
  ACL nests statements in statements, and both bridge and provider go through all of it.
- The policy pack: half a second to start, beside the AWS plugin; then 2 ms for each resource.
"""
