variable "region" {
  description = "The Region the functions run in, and the one whose stacks make the roles of member accounts."
  type        = string
  default     = "eu-central-1"
}

variable "organization_id" {
  description = "The organization, such as o-a1b2c3d4e5."
  type        = string
}

variable "external_id" {
  description = "16 characters or more, made up for this installation."
  type        = string
}

variable "management_role_arn" {
  description = "A role in the management account that may make StackSets and policies."
  type        = string
}

variable "member_role_arn" {
  description = "A role in the member account that may make roles, rules, queues and alarms."
  type        = string
}

variable "organizational_unit_ids" {
  description = "Units whose accounts get the StackSet. None by default."
  type        = list(string)
  default     = []
}

variable "member_regions" {
  description = "The Regions the StackSet goes to; `region` must be one of them, since its stacks make the roles."
  type        = list(string)
  default     = ["eu-central-1"]

  validation {
    condition     = contains(var.member_regions, var.region)
    error_message = "member_regions must contain region, whose stacks make the roles."
  }
}

variable "service_control_policies" {
  description = "Files of policies/scp to create and attach, without `.json`. None by default."
  type        = list(string)
  default     = []
}

variable "declarative_policies" {
  description = "Files of policies/declarative to create and attach, without `.json`. None by default."
  type        = list(string)
  default     = []
}

variable "guardrail_targets" {
  description = "Roots, units and accounts to attach them to. None by default."
  type        = list(string)
  default     = []
}

variable "zips" {
  description = "Folder with the zips of the functions."
  type        = string
  default     = "../../../../target/lambda"
}

variable "policy_document" {
  description = "The policy document."
  type        = string
  default     = <<-YAML
    version: 1
    mode: observe
  YAML
}
