# The HTTP API. No authorizer: browsers come with a cookie, and the service verifies every token.

resource "aws_apigatewayv2_api" "http" {
  name          = var.name
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "service" {
  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.service["ingest-api"].made.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "service" {
  for_each = toset([
    "ANY /v1/{proxy+}", "ANY /auth/{proxy+}", "GET /healthz", "GET /readyz", "GET /openapi.json",
  ])
  api_id    = aws_apigatewayv2_api.http.id
  route_key = each.value
  target    = "integrations/${aws_apigatewayv2_integration.service.id}"
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true

  # The path is left out: it may hold what someone searched for.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId = "$context.requestId"
      route     = "$context.routeKey"
      status    = "$context.status"
      latency   = "$context.responseLatency"
      error     = "$context.integrationErrorMessage"
    })
  }

  default_route_settings {
    throttling_rate_limit    = var.api.rate
    throttling_burst_limit   = var.api.burst
    detailed_metrics_enabled = true
  }
}

resource "aws_lambda_permission" "http" {
  statement_id  = "HttpApi"
  action        = "lambda:InvokeFunction"
  function_name = module.service["ingest-api"].made.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http.execution_arn}/*/*"
}
