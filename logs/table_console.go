package logs

// consoleTable declares what containers wrote, one row for each line.
func consoleTable() *Schema {
	s := &Schema{
		Table: declare("AmlOnlineEndpointConsoleLog", "Output of the containers of online endpoints, one row for each line.",
			text("EndpointName", "The endpoint whose container wrote the line."),
			text("DeploymentName", "The deployment whose container wrote the line."),
			text("InstanceId", "The instance whose container wrote the line."),
			text("ContainerName", "Name of the container."),
			text("ContainerImageName", "Name of the container's image."),
			text("Message", "The line."),
		),
		Endpoint: "EndpointName", Deployment: "DeploymentName", Instance: "InstanceId",
		block: 256 << 10,
	}
	s.computed = commonComputed(s, identitySubscription, quoteText(azureWorkspace))
	return s
}

func identitySubscription(who Identity) string { return quoteText(who.Subscription) }
