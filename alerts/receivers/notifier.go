package receivers

import (
	"fmt"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/discord"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/notify/incidentio"
	"github.com/prometheus/alertmanager/notify/jira"
	"github.com/prometheus/alertmanager/notify/mattermost"
	"github.com/prometheus/alertmanager/notify/msteamsv2"
	"github.com/prometheus/alertmanager/notify/opsgenie"
	"github.com/prometheus/alertmanager/notify/pagerduty"
	"github.com/prometheus/alertmanager/notify/pushover"
	"github.com/prometheus/alertmanager/notify/rocketchat"
	"github.com/prometheus/alertmanager/notify/slack"
	"github.com/prometheus/alertmanager/notify/sns"
	"github.com/prometheus/alertmanager/notify/telegram"
	"github.com/prometheus/alertmanager/notify/victorops"
	"github.com/prometheus/alertmanager/notify/webex"
	"github.com/prometheus/alertmanager/notify/wechat"
	commoncfg "github.com/prometheus/common/config"

	"github.com/endscope/endscope/alerts"
)

// notifier makes Alertmanager's notifier of a receiver, or our own for webhooks. What it logs goes through the scrubber.
func (b *Builder) notifier(r alerts.Receiver, c amconfig.Receiver, s *scrubber, group string, test bool) (notify.Notifier, error) {
	log := scrubbedLogger(b.log, s)
	http := httpOptions(b.cfg.Timeout)
	switch r.Type {
	case alerts.ReceiverEmail:
		return email.New(c.EmailConfigs[0], b.tmpl, log), nil
	case alerts.ReceiverSlack:
		return slack.New(c.SlackConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverTeams:
		return msteamsv2.New(c.MSTeamsV2Configs[0], b.tmpl, log, http...)
	case alerts.ReceiverPagerDuty:
		return pagerduty.New(c.PagerdutyConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverOpsgenie:
		return opsgenie.New(c.OpsGenieConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverDiscord:
		return discord.New(c.DiscordConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverTelegram:
		return telegram.New(c.TelegramConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverWebex:
		return webex.New(c.WebexConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverJira:
		return jira.New(c.JiraConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverSNS:
		return sns.New(c.SNSConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverPushover:
		return pushover.New(c.PushoverConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverVictorOps:
		return victorops.New(c.VictorOpsConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverWeChat:
		return wechat.New(c.WechatConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverRocketChat:
		return rocketchat.New(c.RocketchatConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverMattermost:
		return mattermost.New(c.MattermostConfigs[0], b.tmpl, log, http...)
	case alerts.ReceiverIncidentio:
		return incidentio.New(c.IncidentioConfigs[0], b.tmpl, log, http...)
	}
	if !isWebhook(r.Type) {
		return nil, fmt.Errorf("%s is no type of receiver", r.Type)
	}
	conf := c.WebhookConfigs[0]
	client, err := commoncfg.NewClientFromConfig(*conf.HTTPConfig, "webhook", http...)
	if err != nil {
		return nil, err
	}
	return &webhook{b: b, kind: r.Type, group: group, common: r.UseCommonAlertSchema, conf: conf, client: client, once: test}, nil
}

// sender returns which configuration says whether resolved alerts are sent.
func sender(c amconfig.Receiver) notify.ResolvedSender {
	switch {
	case len(c.EmailConfigs) > 0:
		return c.EmailConfigs[0]
	case len(c.SlackConfigs) > 0:
		return c.SlackConfigs[0]
	case len(c.MSTeamsV2Configs) > 0:
		return c.MSTeamsV2Configs[0]
	case len(c.PagerdutyConfigs) > 0:
		return c.PagerdutyConfigs[0]
	case len(c.OpsGenieConfigs) > 0:
		return c.OpsGenieConfigs[0]
	case len(c.DiscordConfigs) > 0:
		return c.DiscordConfigs[0]
	case len(c.TelegramConfigs) > 0:
		return c.TelegramConfigs[0]
	case len(c.WebexConfigs) > 0:
		return c.WebexConfigs[0]
	case len(c.JiraConfigs) > 0:
		return c.JiraConfigs[0]
	case len(c.SNSConfigs) > 0:
		return c.SNSConfigs[0]
	case len(c.PushoverConfigs) > 0:
		return c.PushoverConfigs[0]
	case len(c.VictorOpsConfigs) > 0:
		return c.VictorOpsConfigs[0]
	case len(c.WechatConfigs) > 0:
		return c.WechatConfigs[0]
	case len(c.RocketchatConfigs) > 0:
		return c.RocketchatConfigs[0]
	case len(c.MattermostConfigs) > 0:
		return c.MattermostConfigs[0]
	case len(c.IncidentioConfigs) > 0:
		return c.IncidentioConfigs[0]
	}
	return c.WebhookConfigs[0]
}
