"""Application Auto Scaling on loopback, for an emulator that lacks the service.

Scalable targets, scaling policies, scheduled actions and tags can be written, read and deleted, so
that infrastructure code runs through the real AWS SDKs and providers. Requests are held to the
service model that ships with botocore, and to those rules between several members that
infrastructure code runs into. Where `AWS_ENDPOINT_URL` names an AWS, what they say is done: a loop
reads CloudWatch, decides as AWS does (`tracking`), and changes the desired counts of ECS services.

What it does not do:

* Step and predictive scaling, metric math, and schedules other than `at(...)`. Step policies are
  kept and not carried out; other schedules are refused.
* It makes no CloudWatch alarms for target tracking: `Alarms` is always empty. Its decisions name
  the alarms that AWS would have made.
* It knows no namespace but `ecs`.
* It checks neither signatures nor permissions, and has one account and one region.
"""
