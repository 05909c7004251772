"""A Pulumi toolchain for machines that reach package registries but not Pulumi's downloads.

`build` and `home` put it together, `provider_search` finds HashiCorp's AWS provider; they need the
standard library only. The other modules run inside the finished toolchain.
"""
