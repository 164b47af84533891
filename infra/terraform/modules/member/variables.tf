variable "hub_account_id" {
  description = "The account the main module was applied in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "hub_account_id must have twelve digits."
  }
}

variable "hub_region" {
  description = "The Region the main module was applied in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.hub_region))
    error_message = "hub_region must be a Region such as eu-central-1."
  }
}

variable "external_id" {
  description = "Asked of who assumes the roles; the same value as in the main module."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/-]{16,128}$", var.external_id))
    error_message = "external_id must have 16 to 128 letters, digits and + = , . @ : / -"
  }
}

variable "roles_region" {
  description = "The one Region whose instance of this module makes the roles of the whole account."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.roles_region))
    error_message = "roles_region must be a Region such as eu-central-1."
  }
}

variable "alarm_topic_arn" {
  description = "An SNS topic in this Region for the alarm. Null and it only changes its colour."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of a topic, or null."
  }
}

variable "role_policies" {
  description = "Folder with the files of the roles: `iam` of the folder that `v2only policies render` wrote for your policy document, which `http_endpoint: disabled` needs. Null: those shipped."
  type        = string
  default     = null

  validation {
    condition     = var.role_policies == null || alltrue([for it in ["ec2-enforcer", "notebook-enforcer", "sweeper"] : can(jsondecode(file("${var.role_policies}/role-${it}.json")))])
    error_message = "role_policies must be a folder with role-ec2-enforcer.json, role-notebook-enforcer.json and role-sweeper.json."
  }
}
