"""Application Auto Scaling's API on loopback, for an emulator that lacks the service.

It is a control plane and nothing more: scalable targets, scaling policies, scheduled actions and
tags can be written, read and deleted, so that infrastructure code runs through the real AWS SDKs
and providers. Requests are held to the service model that ships with botocore, and to those rules
between several members that infrastructure code runs into.

What it does not do:

* **It never scales anything.** No metric is read, no schedule fires, no desired count changes;
  hence `DescribeScalingActivities` is always empty.
* It makes no CloudWatch alarms for target tracking: `Alarms` is always empty.
* It does not ask whether the ECS service exists, and knows no namespace but `ecs`.
* It checks neither signatures nor permissions, and has one account and one region.
"""
