/** The types of receivers that action groups have, and their fields that most people fill in. */

export interface ReceiverField {
  key: string;
  label: string;
  placeholder?: string;
  required?: boolean;
  /** Whether answers hold <secret> in its place. */
  secret?: boolean;
}

export interface ReceiverType {
  /** The array of the document that holds them. */
  array: string;
  label: string;
  fields: readonly ReceiverField[];
  /** Whether it can have each alert alone, in the common alert schema. */
  common?: boolean;
}

export const receiverTypes: readonly ReceiverType[] = [
  { array: 'emailReceivers', label: 'Email', common: true, fields: [{ key: 'emailAddress', label: 'Address', placeholder: 'oncall@example.com', required: true }] },
  { array: 'webhookReceivers', label: 'Webhook', common: true, fields: [{ key: 'serviceUri', label: 'Address', placeholder: 'https://…', required: true, secret: true }, { key: 'bearerToken', label: 'Bearer token', secret: true }] },
  { array: 'slackReceivers', label: 'Slack', fields: [{ key: 'api_url', label: 'Webhook address', placeholder: 'https://hooks.slack.com/…', secret: true }, { key: 'channel', label: 'Channel', placeholder: '#oncall' }] },
  { array: 'teamsReceivers', label: 'Microsoft Teams', fields: [{ key: 'webhook_url', label: 'Address of the workflow', placeholder: 'https://…', required: true, secret: true }] },
  { array: 'pagerDutyReceivers', label: 'PagerDuty', fields: [{ key: 'routing_key', label: 'Routing key', required: true, secret: true }] },
  { array: 'opsgenieReceivers', label: 'Opsgenie', fields: [{ key: 'api_key', label: 'API key', required: true, secret: true }] },
  { array: 'discordReceivers', label: 'Discord', fields: [{ key: 'webhook_url', label: 'Webhook address', required: true, secret: true }] },
  { array: 'telegramReceivers', label: 'Telegram', fields: [{ key: 'bot_token', label: 'Bot token', required: true, secret: true }] },
  { array: 'webexReceivers', label: 'Webex', fields: [{ key: 'room_id', label: 'Room', required: true }] },
  { array: 'jiraReceivers', label: 'Jira', fields: [{ key: 'api_url', label: 'Address of the API', required: true }, { key: 'project', label: 'Project', required: true }, { key: 'issue_type', label: 'Type of issue', required: true }] },
  { array: 'snsReceivers', label: 'Amazon SNS', fields: [{ key: 'topic_arn', label: 'Topic' }, { key: 'phone_number', label: 'Phone number' }] },
  { array: 'pushoverReceivers', label: 'Pushover', fields: [{ key: 'user_key', label: 'User key', required: true, secret: true }, { key: 'token', label: 'Token', required: true, secret: true }] },
  { array: 'victorOpsReceivers', label: 'VictorOps', fields: [{ key: 'api_key', label: 'API key', required: true, secret: true }, { key: 'routing_key', label: 'Routing key', required: true }] },
  { array: 'weChatReceivers', label: 'WeChat', fields: [{ key: 'api_secret', label: 'API secret', required: true, secret: true }, { key: 'corp_id', label: 'Corporation', required: true }, { key: 'agent_id', label: 'Agent', required: true }, { key: 'to_user', label: 'User' }] },
  { array: 'rocketChatReceivers', label: 'Rocket.Chat', fields: [{ key: 'token', label: 'Token', required: true, secret: true }, { key: 'token_id', label: 'Id of the token', required: true, secret: true }, { key: 'channel', label: 'Channel', required: true }] },
  { array: 'mattermostReceivers', label: 'Mattermost', fields: [{ key: 'webhook_url', label: 'Webhook address', required: true, secret: true }] },
  { array: 'incidentioReceivers', label: 'incident.io', fields: [{ key: 'url', label: 'Address', required: true }, { key: 'alert_source_token', label: 'Token of the alert source', required: true, secret: true }] },
  { array: 'logicAppReceivers', label: 'Logic app (webhook)', fields: [{ key: 'callbackUrl', label: 'Address', required: true, secret: true }] },
  { array: 'azureFunctionReceivers', label: 'Azure function (webhook)', fields: [{ key: 'httpTriggerUrl', label: 'Address', required: true, secret: true }] },
  { array: 'automationRunbookReceivers', label: 'Automation (webhook)', fields: [{ key: 'serviceUri', label: 'Address', required: true, secret: true }] },
];

export function receiverType(array: string): ReceiverType {
  return receiverTypes.find((t) => t.array === array) ?? { array, label: array, fields: [] };
}
