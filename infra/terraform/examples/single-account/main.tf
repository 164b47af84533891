# v2only in one account and Region, watching only until `mode` says enforce.
#
#   cargo build --release -p ec2-enforcer -p notebook-enforcer -p sweeper
#   infra/package ec2-enforcer notebook-enforcer sweeper
#   cd infra/terraform/examples/single-account
#   terraform init && terraform apply

terraform {
  required_version = ">= 1.7"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "region" {
  description = "The Region to look after."
  type        = string
  default     = "eu-central-1"
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

provider "aws" {
  region = var.region
}

module "v2only" {
  source          = "../.."
  zips            = var.zips
  policy_document = var.policy_document
}

output "functions" {
  description = "The functions by name."
  value       = module.v2only.function_arns
}
