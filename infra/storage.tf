# Objects and records.

locals {
  buckets = {
    photos = aws_s3_bucket.photos
    web    = aws_s3_bucket.web
  }
  tables = merge(aws_dynamodb_table.plain, {
    Photo = aws_dynamodb_table.photo
    User  = aws_dynamodb_table.user
  })
}

resource "aws_s3_bucket" "photos" {
  bucket        = "${var.name}-photos-${local.account}"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket" "web" {
  bucket        = "${var.name}-web-${local.account}"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each                = local.buckets
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.buckets
  bucket   = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "all" {
  for_each = local.buckets
  bucket   = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "all" {
  for_each = local.buckets
  bucket   = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "all" {
  for_each   = local.buckets
  bucket     = each.value.id
  depends_on = [aws_s3_bucket_versioning.all]

  rule {
    id     = "parts"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  rule {
    id     = "removed"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = max(var.trash_days, 1)
    }

    expiration {
      expired_object_delete_marker = true
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "photos" {
  bucket = aws_s3_bucket.photos.id

  cors_rule {
    allowed_origins = [local.base_url]
    allowed_methods = ["PUT", "GET"]
    allowed_headers = ["content-type", "if-none-match", "x-amz-checksum-sha256"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_policy" "photos" {
  bucket     = aws_s3_bucket.photos.id
  depends_on = [aws_s3_bucket_public_access_block.all]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        # A URL that leaked is worth nothing when its life is over, whoever signed it.
        Sid       = "OldSignatures"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.photos.arn}/*"
        Condition = { NumericGreaterThan = { "s3:signatureAge" = var.url_life_seconds * 1000 } }
      }],
      [for arn in [aws_s3_bucket.photos.arn] : {
        Sid       = "PlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      } if var.require_tls],
      [for arn in local.rendition_arns : {
        Sid       = "CloudFront"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = local.renditions
        Condition = { StringEquals = { "AWS:SourceArn" = aws_cloudfront_distribution.web.arn } }
      }],
    )
  })
}

# The names of indexes are what the code asks for. Encrypted with DynamoDB's own key, as every
# table is.
resource "aws_dynamodb_table" "photo" {
  name                        = "${var.name}-Photo"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "user_id"
  range_key                   = "id"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset([
      "user_id", "id", "sort_date", "shown_upload_date", "changed_at", "trashed_at",
      "pending_shard", "pending_since", "thumbnails_failure", "thumbnails_failed_at",
      "metadata_failure", "metadata_failed_at",
    ])
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "local_secondary_index" {
    for_each = {
      photo-by-sort-date   = "sort_date"
      photo-by-upload-date = "shown_upload_date"
      photo-by-changed-at  = "changed_at"
      photo-by-trashed-at  = "trashed_at"
    }
    content {
      name            = local_secondary_index.key
      range_key       = local_secondary_index.value
      projection_type = "ALL"
    }
  }

  dynamic "global_secondary_index" {
    for_each = {
      photo-by-pending-since      = ["pending_shard", "pending_since"]
      photo-by-thumbnails-failure = ["thumbnails_failure", "thumbnails_failed_at"]
      photo-by-metadata-failure   = ["metadata_failure", "metadata_failed_at"]
    }
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value[0]
      range_key       = global_secondary_index.value[1]
      projection_type = "KEYS_ONLY"
    }
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_dynamodb_table" "user" {
  name                        = "${var.name}-User"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "email"
    type = "S"
  }

  global_secondary_index {
    name            = "user-email-index"
    hash_key        = "email"
    projection_type = "KEYS_ONLY"
  }

  point_in_time_recovery {
    enabled = true
  }
}

# Tables that are read by their keys alone.
resource "aws_dynamodb_table" "plain" {
  for_each = {
    PhotoIndex = { keys = ["user_id", "entry"], expire = false }
    Session    = { keys = ["id"], expire = true }
    Ops        = { keys = ["kind", "entry"], expire = false }
  }
  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.keys[0]
  range_key                   = try(each.value.keys[1], null)
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = each.value.keys
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "ttl" {
    for_each = each.value.expire ? ["expires_at"] : []
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }
}
