package logs

// trafficTable declares the requests that endpoints answered, one row for each.
func trafficTable() *Schema {
	s := &Schema{
		Table: declare("AmlOnlineEndpointTrafficLog", "Requests to online endpoints, one row for each.",
			text("Method", "HTTP method, as the client asked."),
			text("Path", "Path of the URL, as the client asked."),
			text("Protocol", "HTTP version, as the client asked."),
			text("SubscriptionId", "Azure subscription of the endpoint, where it has one."),
			text("AzureMLWorkspaceId", "Id of the endpoint's Azure Machine Learning workspace, where it has one."),
			text("AzureMLWorkspaceName", "Name of the endpoint's Azure Machine Learning workspace, where it has one."),
			text("EndpointName", "The endpoint that was asked."),
			text("DeploymentName", "The deployment that answered."),
			text("InstanceId", "The instance that answered."),
			text("Location", "Region of the endpoint, where it has one."),
			text("AuthType", "How the client proved who it is: Key, AMLToken or AADToken."),
			text("IdentityData", "Object id of the client's token."),
			integer("ResponseCode", "Final status code, as the client saw it."),
			text("ResponseCodeReason", "Reason of the final status code."),
			integer("ModelStatusCode", "Status code, as the model's container answered."),
			text("ModelStatusReason", "Reason of the model's status code."),
			integer("RequestPayloadSize", "Bytes received from the client."),
			integer("ResponsePayloadSize", "Bytes sent to the client."),
			text("UserAgent", "The client's User-Agent header, cut to 70 characters."),
			text("XRequestId", "Id of the request that the service made."),
			text("XMSClientRequestId", "Id of the request that the client gave."),
			integer("RequestDurationMs", "Milliseconds from the start until the last byte of the request was received."),
			integer("ResponseDurationMs", "Milliseconds from the start until the first byte of the response was read from the model."),
			integer("TotalDurationMs", "Milliseconds from the start until the last byte of the response was sent, or the client left."),
			integer("RequestThrottlingDelayMs", "Milliseconds of delay that bandwidth limits added to the request."),
			integer("ResponseThrottlingDelayMs", "Milliseconds of delay that bandwidth limits added to the response."),
		),
		Endpoint: "EndpointName", Deployment: "DeploymentName", Instance: "InstanceId",
		ids:   []string{"XRequestId", "XMSClientRequestId"},
		block: 256 << 10,
	}
	s.computed = commonComputed(s, func(who Identity) string {
		return `CASE WHEN "SubscriptionId" = '' THEN ` + quoteText(who.Subscription) + ` ELSE "SubscriptionId" END`
	}, `CASE WHEN "AzureMLWorkspaceName" = '' THEN `+quoteText(azureWorkspace)+` ELSE "AzureMLWorkspaceName" END`)
	return s
}
