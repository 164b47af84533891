variable "trusted_account_id" {
  description = "The account in which v2only is run."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.trusted_account_id))
    error_message = "trusted_account_id must have twelve digits."
  }
}

variable "trusted_principal" {
  description = "The roles or users of that account that may assume the roles, such as role/security-audit. The default is every principal to which that account grants sts:AssumeRole."
  type        = string
  default     = "*"

  validation {
    condition     = can(regex("^(\\*|(role|user)/[A-Za-z0-9+=,.@_/*-]{1,512})$", var.trusted_principal))
    error_message = "trusted_principal must be role/NAME or user/NAME, with * for any text."
  }
}

variable "external_id" {
  description = "The value that `--external-id` must have. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null || can(regex("^[A-Za-z0-9+=,.@:/-]{16,128}$", var.external_id))
    error_message = "external_id must have 16 to 128 letters, digits and + = , . @ : / -"
  }
}

variable "options" {
  description = "What is allowed beyond `scan`: import-findings (Security Hub), inventory (scan --inventory config), trace (readiness --trace), doctor (a role that reads an installation), rollback (a role that restores what a journal recorded, and can open IMDSv1)."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.options : contains(["import-findings", "inventory", "trace", "doctor", "rollback"], it)])
    error_message = "options must be import-findings, inventory, trace, doctor or rollback."
  }
}
