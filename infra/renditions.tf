# What opens renditions to a signed-in browser: cookies that the service signs and CloudFront checks.
#
# The private half of the pair never passes through Terraform: whoever deploys puts it into the parameter.

locals {
  rendition_keys      = [for key in [var.rendition_public_key] : "${trimspace(key)}\n" if key != null]
  rendition_parameter = "/${var.name}/rendition-key"
  rendition_arns = [for key in local.rendition_keys :
    "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${local.rendition_parameter}"
  ]
  rendition_environment = merge([for key in aws_cloudfront_public_key.renditions : {
    RENDITION_KEY_ID        = key.id
    RENDITION_KEY_PARAMETER = local.rendition_parameter
  }]...)
}

# A new key comes before the old one goes: the group must never be empty.
resource "aws_cloudfront_public_key" "renditions" {
  count       = length(local.rendition_keys)
  name_prefix = "${var.name}-renditions-"
  comment     = "Checks the cookies of renditions."
  encoded_key = local.rendition_keys[count.index]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "renditions" {
  count   = length(local.rendition_keys)
  name    = "${var.name}-renditions"
  comment = "Whose cookies open renditions."
  items   = aws_cloudfront_public_key.renditions[*].id
}

resource "aws_cloudfront_origin_access_control" "renditions" {
  count                             = length(local.rendition_keys)
  name                              = "${var.name}-renditions"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
