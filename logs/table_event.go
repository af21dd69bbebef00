package logs

// eventTable declares what happened to containers.
func eventTable() *Schema {
	s := &Schema{
		Table: declare("AmlOnlineEndpointEventLog", "Life of the containers of online endpoints, one row for each event.",
			text("EndpointName", "The endpoint whose container it happened to."),
			text("DeploymentName", "The deployment whose container it happened to."),
			text("InstanceId", "The instance whose container it happened to."),
			text("Name", "Kind of the event, such as Started or BackOff."),
			text("Message", "What happened."),
		),
		Endpoint: "EndpointName", Deployment: "DeploymentName", Instance: "InstanceId",
		block: 16 << 10, // a few rows an hour
	}
	s.computed = commonComputed(s, identitySubscription, quoteText(azureWorkspace))
	return s
}
