# What a deployment may choose.

variable "name" {
  description = "Starts every name, so that several albums fit into one account."
  type        = string
  default     = "cloudalbum"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "Use 3 to 32 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "zips" {
  description = "The folder that holds the functions' zips, as `make lambdas` writes them."
  type        = string
  default     = "../target/lambdas/arm64"
}

variable "architecture" {
  description = "What the zips were built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Use arm64 or x86_64."
  }
}

variable "workers" {
  description = "The functions behind the queues: memory in MB (1769 is one core), timeout and window in seconds."
  type = map(object({
    function    = string
    memory      = number
    timeout     = number
    batch       = number
    window      = optional(number, 0)
    concurrency = number
  }))
  default = {
    thumbnails = { function = "thumbnail-worker", memory = 1769, timeout = 60, batch = 5, concurrency = 20 }
    metadata   = { function = "metadata-worker", memory = 512, timeout = 30, batch = 10, concurrency = 10 }
  }

  validation {
    condition     = alltrue([for worker in values(var.workers) : worker.concurrency >= 2 && worker.batch <= 10])
    error_message = "Lambda takes a maximum concurrency of at least 2, and batches above 10 need a window."
  }
}

variable "api" {
  description = "The function behind the API: memory in MB, timeout in seconds, requests a second it is throttled to."
  type        = object({ memory = number, timeout = number, rate = number, burst = number })
  default     = { memory = 512, timeout = 20, rate = 200, burst = 400 }
}

variable "reconciler" {
  description = "The reconciler: memory in MB, timeout in seconds, minutes between two runs."
  type        = object({ memory = number, timeout = number, minutes = number })
  default     = { memory = 512, timeout = 240, minutes = 5 }

  validation {
    condition     = var.reconciler.timeout < var.reconciler.minutes * 60 && var.reconciler.minutes > 1
    error_message = "A run must end before the next one starts."
  }
}

variable "max_receive_count" {
  description = "After how many receives a message goes to its dead-letter queue."
  type        = number
  default     = 5
}

variable "url_life_seconds" {
  description = "How long an upload URL works."
  type        = number
  default     = 900

  validation {
    condition     = var.url_life_seconds >= 60 && var.url_life_seconds <= 3600
    error_message = "From 60 to 3600 seconds."
  }
}

variable "max_upload_bytes" {
  description = "No photo is larger."
  type        = number
  default     = 268435456
}

variable "trash_days" {
  description = "How long a trashed photo can be restored, and a version of an object that was removed."
  type        = number
  default     = 30
}

variable "rendition_format" {
  description = "How thumbnails are encoded: jpeg, or webp; `cloudalbum recipes apply` makes those there are anew."
  type        = string
  default     = "jpeg"

  validation {
    condition     = contains(["jpeg", "webp"], var.rendition_format)
    error_message = "Thumbnails are made as jpeg or webp."
  }
}

variable "rendition_quality" {
  description = "Encoder quality of thumbnails, 1 to 100."
  type        = number
  default     = 80

  validation {
    condition     = var.rendition_quality >= 1 && var.rendition_quality <= 100 && floor(var.rendition_quality) == var.rendition_quality
    error_message = "The quality of thumbnails is a whole number from 1 to 100."
  }
}

variable "open_sign_up" {
  description = "Whether anybody may make an account; otherwise only an administrator makes them."
  type        = bool
  default     = false
}

variable "domain" {
  description = "The app's own host name, and the certificate for it in us-east-1; default CloudFront's name."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "base_url" {
  description = "How browsers reach the app, where that is neither `domain` nor CloudFront's name."
  type        = string
  default     = null
}

variable "map_style_url" {
  description = "The MapLibre style or raster tile template (with {z}, {x}, {y}) that maps are drawn by; default the built-in world."
  type        = string
  default     = null

  validation {
    condition     = var.map_style_url == null || can(regex("^https://[^/?#@]+/", var.map_style_url))
    error_message = "Use an https URL with a path."
  }
}

variable "price_class" {
  description = "Which of CloudFront's places serve the app."
  type        = string
  default     = "PriceClass_100"
}

variable "deletion_protection" {
  description = "Whether tables, the user pool and buckets with objects in them refuse to be destroyed."
  type        = bool
  default     = true
}

variable "require_tls" {
  description = "Whether the bucket refuses plain http. Off only for an engine that has no TLS."
  type        = bool
  default     = true
}

variable "xray" {
  description = "Whether to make the X-Ray sampling rule and group. Off only for an engine without X-Ray."
  type        = bool
  default     = true
}

variable "trace_ratio" {
  description = "The share of photos and requests that is traced; failed and slow photos always are."
  type        = number
  default     = 0.05

  validation {
    condition     = var.trace_ratio >= 0 && var.trace_ratio <= 1
    error_message = "From 0 to 1."
  }
}

variable "rendition_public_key" {
  description = "What checks the cookies by which browsers see renditions, as PEM; its private half is in the parameter `/NAME/rendition-key`. Presigned URLs when null."
  type        = string
  default     = null

  validation {
    condition     = var.rendition_public_key == null || can(regex("^-----BEGIN PUBLIC KEY-----\\s", var.rendition_public_key))
    error_message = "A public key as PEM, as `openssl pkey -pubout` writes it."
  }
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "alarm_email" {
  description = "Who is told of alarms and of the budget; nobody when empty."
  type        = string
  default     = ""
}

variable "monthly_budget_usd" {
  description = "What the account may cost a month before someone is told; no budget when 0."
  type        = number
  default     = 25
}

variable "environment" {
  description = "Further settings of every function, or others than these files give."
  type        = map(string)
  default     = {}
}
