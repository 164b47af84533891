variable "organization_id" {
  description = "The organization whose accounts may send events and are acted in. Null: this account and Region alone."
  type        = string
  default     = null

  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id must be an organization id such as o-a1b2c3d4e5, or null."
  }
}

variable "external_id" {
  description = "Sent when the role of a member account is assumed; the same value as in the member module. Null without an organization."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null || can(regex("^[A-Za-z0-9+=,.@:/-]{16,128}$", var.external_id))
    error_message = "external_id must have 16 to 128 letters, digits and + = , . @ : / -"
  }
}

variable "policy_document" {
  description = "The policy document, YAML or JSON. Check it with `v2only validate` first."
  type        = string
  default     = "{ version: 1, mode: observe }"

  validation {
    condition     = can(yamldecode(var.policy_document).version) && can(contains(["observe", "enforce"], yamldecode(var.policy_document).mode))
    error_message = "policy_document must be YAML or JSON that says version and mode; `v2only validate` says more."
  }
}

variable "policy_public_key" {
  description = "The functions act only on a policy document with a signature by this Ed25519 key: the base64 line of its PEM. Null: the document needs no signature."
  type        = string
  default     = null

  validation {
    condition     = var.policy_public_key == null || can(regex("^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$", var.policy_public_key))
    error_message = "policy_public_key must be the base64 line of an Ed25519 public key in PEM, or null."
  }
}

variable "signing_profile_version_arn" {
  description = "Lambda accepts only code that AWS Signer signed with this version of a signing profile. Null: the code needs no signature."
  type        = string
  default     = null

  validation {
    condition     = var.signing_profile_version_arn == null || can(regex("^arn:aws[a-z-]*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[A-Za-z0-9_]{2,}/[A-Za-z0-9]{10}$", var.signing_profile_version_arn))
    error_message = "signing_profile_version_arn must be the ARN of a version of a signing profile, or null."
  }
}

variable "zips" {
  description = "Folder with ec2-enforcer.zip and notebook-enforcer.zip, as infra/package writes them."
  type        = string
}

variable "architecture" {
  description = "What the functions were built for. infra/package names it when it packs."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "memory_size" {
  description = "Megabytes of each function; the share of a processor grows with it."
  type        = number
  default     = 128

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 1024
    error_message = "memory_size must be 128 to 1024."
  }
}

variable "delay_seconds" {
  description = "For how long an event rests in the queue, while what it names becomes visible everywhere."
  type        = number
  default     = 5

  validation {
    condition     = var.delay_seconds >= 0 && var.delay_seconds <= 900
    error_message = "delay_seconds must be 0 to 900."
  }
}

variable "sweep_every" {
  description = "How often every instance and notebook is read."
  type        = string
  default     = "rate(6 hours)"

  validation {
    condition     = can(regex("^(rate\\([0-9]+ (minutes?|hours?|days?)\\)|cron\\([^)]+\\))$", var.sweep_every))
    error_message = "sweep_every must be a schedule such as rate(6 hours) or cron(0 3 * * ? *)."
  }
}

variable "review_every" {
  description = "When the exemptions are reviewed; in UTC."
  type        = string
  default     = "cron(0 6 * * ? *)"

  validation {
    condition     = can(regex("^(rate\\([0-9]+ (minutes?|hours?|days?)\\)|cron\\([^)]+\\))$", var.review_every))
    error_message = "review_every must be a schedule such as rate(1 day) or cron(0 6 * * ? *)."
  }
}

variable "maximum_concurrency" {
  description = "How many batches of a queue are handled at once; each may change 5 instances a second."
  type        = number
  default     = 5

  validation {
    condition     = var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000
    error_message = "maximum_concurrency must be 2 to 1000."
  }
}

variable "log_retention_days" {
  description = "For how long the functions' records are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods CloudWatch Logs knows, 30 to 3653."
  }
}

variable "log_key_arn" {
  description = "A KMS key for the logs, whose key policy lets CloudWatch Logs use it. Null for that of the service."
  type        = string
  default     = null

  validation {
    condition     = var.log_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.log_key_arn))
    error_message = "log_key_arn must be the ARN of a key, or null."
  }
}

variable "alarm_topic_arn" {
  description = "An SNS topic for the alarms. Null and they only change their colour."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of a topic, or null."
  }
}

variable "oldest_message_seconds" {
  description = "From which age of the oldest message of a queue on there is an alarm."
  type        = number
  default     = 900

  validation {
    condition     = var.oldest_message_seconds >= 60 && var.oldest_message_seconds <= 86400
    error_message = "oldest_message_seconds must be 60 to 86400."
  }
}

variable "operator_role" {
  description = "The role, by name or pattern, that may put messages into the queues by hand: to begin a sweep and to move messages back from a dead-letter queue."
  type        = string
  default     = "v2only-owner"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_/*-]{1,512}$", var.operator_role))
    error_message = "operator_role must be the name of a role with its path, which may contain *."
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
