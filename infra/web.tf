# One origin for browsers: the web app from its bucket, the service from the HTTP API.

locals {
  base_url = coalesce(
    var.base_url,
    var.domain == null ? "https://${aws_cloudfront_distribution.web.domain_name}" : "https://${var.domain.name}",
  )
  photos_origin = "https://${aws_s3_bucket.photos.bucket_regional_domain_name}"
  tiles_origin  = var.map_style_url == null ? "" : " ${regex("^https?://[^/?#]+", var.map_style_url)}"

  # CloudFront's managed policies.
  cached       = "658327ea-f89d-4fab-a63d-7e88639e58f6" # CachingOptimized
  uncached     = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # CachingDisabled
  all_but_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac" # AllViewerExceptHostHeader
}

resource "aws_cloudfront_origin_access_control" "web" {
  name                              = "${var.name}-web"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_function" "page" {
  name    = "${var.name}-page"
  runtime = "cloudfront-js-2.0"
  comment = "Routes of the app get its page."
  publish = true
  code    = file("${path.module}/page.js")
}

# What the service sends for pages that it serves itself.
resource "aws_cloudfront_response_headers_policy" "page" {
  name = "${var.name}-page"

  security_headers_config {
    content_security_policy {
      override = true
      content_security_policy = join("; ", [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data: ${local.photos_origin}${local.tiles_origin}",
        "connect-src 'self' ${local.photos_origin}${local.tiles_origin}",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self' https://${aws_cognito_user_pool_domain.album.domain}.auth.${local.region}.amazoncognito.com",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ])
    }

    content_type_options {
      override = true
    }

    referrer_policy {
      override        = true
      referrer_policy = "no-referrer"
    }

    strict_transport_security {
      override                   = true
      access_control_max_age_sec = 31536000
    }
  }
}

resource "aws_cloudfront_distribution" "web" {
  enabled             = true
  is_ipv6_enabled     = true
  comment             = var.name
  price_class         = var.price_class
  default_root_object = "index.html"
  aliases             = [for domain in [var.domain] : domain.name if domain != null]

  origin {
    origin_id                = "web"
    domain_name              = aws_s3_bucket.web.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.web.id
  }

  origin {
    origin_id   = "service"
    domain_name = replace(aws_apigatewayv2_api.http.api_endpoint, "/^https?:\\/\\//", "")

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  dynamic "origin" {
    for_each = aws_cloudfront_origin_access_control.renditions
    content {
      origin_id                = "renditions"
      domain_name              = aws_s3_bucket.photos.bucket_regional_domain_name
      origin_access_control_id = origin.value.id
    }
  }

  default_cache_behavior {
    target_origin_id           = "web"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.cached
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.page.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = ["/v1/*", "/auth/*", "/healthz", "/readyz", "/openapi.json"]
    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = "service"
      viewer_protocol_policy   = "https-only"
      allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
      cached_methods           = ["GET", "HEAD"]
      compress                 = true
      cache_policy_id          = local.uncached
      origin_request_policy_id = local.all_but_host
    }
  }

  # Browsers keep renditions, as their headers say; the edge keeps no copy of anybody's photos.
  dynamic "ordered_cache_behavior" {
    for_each = aws_cloudfront_key_group.renditions
    content {
      path_pattern               = "/renditions/*"
      target_origin_id           = "renditions"
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = local.uncached
      response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id
      trusted_key_groups         = [ordered_cache_behavior.value.id]
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = one([for domain in [var.domain] : domain.certificate_arn if domain != null])
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}

resource "aws_s3_bucket_policy" "web" {
  bucket     = aws_s3_bucket.web.id
  depends_on = [aws_s3_bucket_public_access_block.all]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CloudFront"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.web.arn}/*"
      Condition = { StringEquals = { "AWS:SourceArn" = aws_cloudfront_distribution.web.arn } }
    }]
  })
}
