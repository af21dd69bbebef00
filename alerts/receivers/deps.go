package receivers

import (
	_ "github.com/emersion/go-smtp"
	_ "github.com/prometheus/alertmanager/notify/discord"
	_ "github.com/prometheus/alertmanager/notify/email"
	_ "github.com/prometheus/alertmanager/notify/incidentio"
	_ "github.com/prometheus/alertmanager/notify/jira"
	_ "github.com/prometheus/alertmanager/notify/mattermost"
	_ "github.com/prometheus/alertmanager/notify/msteams"
	_ "github.com/prometheus/alertmanager/notify/msteamsv2"
	_ "github.com/prometheus/alertmanager/notify/opsgenie"
	_ "github.com/prometheus/alertmanager/notify/pagerduty"
	_ "github.com/prometheus/alertmanager/notify/pushover"
	_ "github.com/prometheus/alertmanager/notify/rocketchat"
	_ "github.com/prometheus/alertmanager/notify/slack"
	_ "github.com/prometheus/alertmanager/notify/sns"
	_ "github.com/prometheus/alertmanager/notify/telegram"
	_ "github.com/prometheus/alertmanager/notify/victorops"
	_ "github.com/prometheus/alertmanager/notify/webex"
	_ "github.com/prometheus/alertmanager/notify/webhook"
	_ "github.com/prometheus/alertmanager/notify/wechat"
)
