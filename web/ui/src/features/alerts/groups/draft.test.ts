import { expect, it } from 'vitest';
import { draftOfGroup, groupOfDraft, moreError, newReceiver, receiverPath } from './draft';

const group = {
  name: 'oncall',
  etag: '"1"',
  groupShortName: 'oncall',
  enabled: false,
  groupWait: 'PT1S',
  emailReceivers: [{ name: 'mail', emailAddress: 'a@b.c', useCommonAlertSchema: true }],
  slackReceivers: [
    { name: 'chat', api_url: 'https://hooks.slack.com/<secret>', title: 'T' },
    { name: 'chat-2', api_url: 'x' },
  ],
};

it('comes back as it was, secrets and what the form does not know among it', () => {
  const { etag: _etag, ...stored } = group;
  expect(groupOfDraft(draftOfGroup(group))).toEqual(stored);
  expect(_etag).toBeDefined();
});

it('leaves out arrays whose receivers are gone', () => {
  const draft = draftOfGroup(group);
  expect(groupOfDraft({ ...draft, receivers: draft.receivers.filter((r) => r.array !== 'slackReceivers') })).not.toHaveProperty('slackReceivers');
});

it('knows where the server finds a receiver', () => {
  const draft = draftOfGroup(group);
  expect(draft.receivers.map((_, i) => receiverPath(draft, i))).toEqual(['emailReceivers[0]', 'slackReceivers[0]', 'slackReceivers[1]']);
});

it('gives new receivers names of their own', () => {
  const first = newReceiver('slackReceivers', []);
  expect([first.name, newReceiver('slackReceivers', [first]).name]).toEqual(['slack', 'slack-2']);
});

it.each([
  ['', true],
  ['{"a": 1}', true],
  ['[1]', false],
  ['{', false],
])('%j is taken: %s', (more, fine) => {
  expect(moreError(more) === undefined).toBe(fine);
});
