variable "service_control_policies" {
  description = "Names of files in policies/scp to create and attach, without `.json`, in the order of policies/README.md. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.service_control_policies : can(regex("^[a-z0-9-]+$", it))])
    error_message = "service_control_policies must be names such as no-way-back, without folder and .json."
  }
}

variable "declarative_policies" {
  description = "Names of files in policies/declarative to create and attach, without `.json`. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.declarative_policies : can(regex("^[a-z0-9-]+$", it))])
    error_message = "declarative_policies must be names such as instance-metadata-defaults, without folder and .json."
  }
}

variable "targets" {
  description = "Roots, organizational units and accounts to attach the policies to. None by default: what is created then binds nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.targets : can(regex("^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|[0-9]{12})$", it))])
    error_message = "targets must be ids of roots (r-ab12), organizational units (ou-ab12-11111111) or accounts."
  }
}

variable "policies" {
  description = "Folder with scp/ and declarative/. Null: those shipped. `v2only policies render` writes your own."
  type        = string
  default     = null
}
