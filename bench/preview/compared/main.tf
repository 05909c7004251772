# The same resources as in __main__.py beside this file, written as one would in Terraform.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "groups" {
  description = "Groups of ten resources."
  type        = number
}

variable "prefix" {
  description = "What every name begins with."
  type        = string
}

locals {
  names = [for number in range(var.groups) : "${var.prefix}-${number}"]
  tags  = { Project = "todo", Purpose = "benchmark" }
}

resource "aws_security_group" "service" {
  count = var.groups

  name        = "${local.names[count.index]}-service"
  description = "Tasks of one service"
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  count = var.groups

  security_group_id = aws_security_group.service[count.index].id
  description       = "HTTP from the network"
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_ipv4         = "10.0.0.0/16"
  tags              = local.tags
}

resource "aws_vpc_security_group_egress_rule" "https" {
  count = var.groups

  security_group_id = aws_security_group.service[count.index].id
  description       = "HTTPS to anywhere"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "application" {
  count = var.groups

  name              = "/ecs/${local.names[count.index]}/application"
  retention_in_days = 90
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "migration" {
  count = var.groups

  name              = "/ecs/${local.names[count.index]}/migration"
  retention_in_days = 30
  tags              = local.tags
}

resource "aws_secretsmanager_secret" "password" {
  count = var.groups

  name                    = "${local.names[count.index]}-password"
  description             = "Password of one service"
  recovery_window_in_days = 7
  tags                    = local.tags
}

resource "aws_iam_role" "task" {
  count = var.groups

  name        = "${local.names[count.index]}-task"
  description = "What one service may do"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
  tags = local.tags
}

resource "aws_iam_role_policy" "logs" {
  count = var.groups

  name = "logs"
  role = aws_iam_role.task[count.index].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.application[count.index].arn}:*"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "measures" {
  count = var.groups

  role       = aws_iam_role.task[count.index].name
  policy_arn = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
}

resource "aws_sns_topic" "alarms" {
  count = var.groups

  name         = "${local.names[count.index]}-alarms"
  display_name = "Alarms of one service"
  tags         = local.tags
}
