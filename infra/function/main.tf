# One function, as every function of the album is made.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" {
  description = "The function's name."
  type        = string
}

variable "role" {
  description = "The ARN of the role whose rights it has."
  type        = string
}

variable "zip" {
  description = "The path of its zip."
  type        = string
}

variable "architecture" {
  description = "What the zip was built for."
  type        = string
}

variable "log_group" {
  description = "The name of the log group that it writes to."
  type        = string
}

variable "memory" {
  description = "Memory in MB."
  type        = number
}

variable "timeout" {
  description = "How many seconds an invocation may take."
  type        = number
}

variable "environment" {
  description = "Its settings."
  type        = map(string)
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = var.role
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  memory_size      = var.memory
  timeout          = var.timeout

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "JSON"
    log_group  = var.log_group
  }

  environment {
    variables = var.environment
  }
}

output "made" {
  description = "The function."
  value       = aws_lambda_function.this
}
