# v2only for an organization. Run with credentials of the central account (not the management account, which service
# control policies do not bind), from which the management account and the member account can be entered.
#
#   cargo build --release -p ec2-enforcer -p notebook-enforcer -p sweeper
#   infra/package ec2-enforcer notebook-enforcer sweeper
#   cd infra/terraform/examples/organization
#   terraform init && terraform apply

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region
}

# The management account, or that of a delegated administrator for StackSets and policies.
provider "aws" {
  alias  = "management"
  region = var.region
  assume_role { role_arn = var.management_role_arn }
}

# One member account, for who has few. Many are reached by the StackSet below; it must not go to this account as well.
provider "aws" {
  alias  = "member"
  region = var.region
  assume_role { role_arn = var.member_role_arn }
}

data "aws_caller_identity" "hub" {}

module "hub" {
  source          = "../.."
  organization_id = var.organization_id
  external_id     = var.external_id
  zips            = var.zips
  policy_document = var.policy_document
}

module "member" {
  source         = "../../modules/member"
  providers      = { aws = aws.member }
  hub_account_id = data.aws_caller_identity.hub.account_id
  hub_region     = var.region
  external_id    = var.external_id
  roles_region   = var.region
}

# Every account of these units, now and later, in these Regions. None unless units are named.
resource "aws_cloudformation_stack_set" "members" {
  count            = length(var.organizational_unit_ids) > 0 ? 1 : 0
  provider         = aws.management
  name             = "v2only-member"
  description      = "Rules and roles of v2only in member accounts."
  template_body    = file("${path.module}/../../../sam/member.yaml")
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  parameters = {
    HubAccountId = data.aws_caller_identity.hub.account_id
    HubRegion    = var.region
    ExternalId   = var.external_id
    RolesRegion  = var.region
  }
  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }
  lifecycle {
    # Set by the service for service-managed permissions.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "members" {
  for_each       = length(var.organizational_unit_ids) > 0 ? toset(var.member_regions) : []
  provider       = aws.management
  stack_set_name = aws_cloudformation_stack_set.members[0].name
  region         = each.value
  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}

# Service control and declarative policies: none unless named. Last in the order of roll-out.
module "guardrails" {
  source                   = "../../modules/guardrails"
  providers                = { aws = aws.management }
  service_control_policies = var.service_control_policies
  declarative_policies     = var.declarative_policies
  targets                  = var.guardrail_targets
}

output "bus_arn" {
  description = "Where the accounts of the organization send their events."
  value       = module.hub.bus_arn
}

output "functions" {
  description = "The functions by name."
  value       = module.hub.function_arns
}

output "member_roles" {
  description = "The roles in the member account by function."
  value       = module.member.role_arns
}
