package alerts

// The types of receivers. Azure's names have Azure's fields; the others have those of Alertmanager's receivers.
const (
	ReceiverEmail             ReceiverType = "email"
	ReceiverWebhook           ReceiverType = "webhook"
	ReceiverLogicApp          ReceiverType = "logicApp"
	ReceiverAzureFunction     ReceiverType = "azureFunction"
	ReceiverAutomationRunbook ReceiverType = "automationRunbook"
	ReceiverSlack             ReceiverType = "slack"
	ReceiverTeams             ReceiverType = "teams"
	ReceiverPagerDuty         ReceiverType = "pagerDuty"
	ReceiverOpsgenie          ReceiverType = "opsgenie"
	ReceiverDiscord           ReceiverType = "discord"
	ReceiverTelegram          ReceiverType = "telegram"
	ReceiverWebex             ReceiverType = "webex"
	ReceiverJira              ReceiverType = "jira"
	ReceiverSNS               ReceiverType = "sns"
	ReceiverPushover          ReceiverType = "pushover"
	ReceiverVictorOps         ReceiverType = "victorOps"
	ReceiverWeChat            ReceiverType = "weChat"
	ReceiverRocketChat        ReceiverType = "rocketChat"
	ReceiverMattermost        ReceiverType = "mattermost"
	ReceiverIncidentio        ReceiverType = "incidentio"
)

// ReceiverTypes returns all types in the order in which groups are written.
func ReceiverTypes() []ReceiverType {
	return []ReceiverType{ReceiverEmail, ReceiverWebhook, ReceiverLogicApp, ReceiverAzureFunction, ReceiverAutomationRunbook, ReceiverSlack,
		ReceiverTeams, ReceiverPagerDuty, ReceiverOpsgenie, ReceiverDiscord, ReceiverTelegram, ReceiverWebex, ReceiverJira, ReceiverSNS,
		ReceiverPushover, ReceiverVictorOps, ReceiverWeChat, ReceiverRocketChat, ReceiverMattermost, ReceiverIncidentio}
}

// Array returns the name of the JSON array that receivers of the type stand in.
func (t ReceiverType) Array() string { return string(t) + "Receivers" }

// Most returns how many receivers of the type a group may have: Azure's limits.
func (t ReceiverType) Most() int {
	if t == ReceiverEmail {
		return 1000
	}
	return 10
}

// Single reports whether the receiver gets one message for each alert rather than one for each group of alerts.
func (r Receiver) Single() bool {
	switch r.Type {
	case ReceiverEmail, ReceiverWebhook, ReceiverLogicApp, ReceiverAzureFunction, ReceiverAutomationRunbook:
		return r.UseCommonAlertSchema
	}
	return false
}

// addressField is the field of a type of Azure's that says where it sends to; empty for the others.
func (t ReceiverType) addressField() string {
	switch t {
	case ReceiverEmail:
		return "emailAddress"
	case ReceiverWebhook, ReceiverAutomationRunbook:
		return "serviceUri"
	case ReceiverLogicApp:
		return "callbackUrl"
	case ReceiverAzureFunction:
		return "httpTriggerUrl"
	}
	return ""
}

// foreignReceivers are Azure's arrays that nothing outside Azure can serve, with what to use instead.
func foreignReceivers() map[string]string {
	return map[string]string{
		"smsReceivers":          "cannot be sent without Azure: use snsReceivers with phone_number, or pagerDutyReceivers",
		"voiceReceivers":        "cannot be sent without Azure: use pagerDutyReceivers or opsgenieReceivers, which call people",
		"azureAppPushReceivers": "cannot be sent without Azure: use pushoverReceivers or telegramReceivers",
		"armRoleReceivers":      "cannot be sent without Azure, where the roles are: use emailReceivers with the addresses",
		"eventHubReceivers":     "cannot be sent without Azure: use webhookReceivers to a service that forwards to the event hub",
		"itsmReceivers":         "cannot be sent without Azure: use jiraReceivers, or webhookReceivers to the ticket system",
	}
}
