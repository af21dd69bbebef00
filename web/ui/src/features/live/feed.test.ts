import { describe, expect, it } from 'vitest';
import { Problem } from '@/api/problem';
import { behind, delayOf, emptyFeed, reduceFeed, type Feed, type FeedAction } from './feed';
import { secondOf, start } from './testing';

const play = (...actions: FeedAction[]): Feed => actions.reduce(reduceFeed, emptyFeed);
const watch = (server: number, asked: number, now: number): FeedAction => ({ kind: 'watch', event: { server_time: new Date(server).toISOString(), histogram_factor: 1.09 }, asked, now });
const came = (n: number, now: number): FeedAction => ({ kind: 'second', event: secondOf(n), now });

describe('clocks', () => {
  it.each([
    ['agree within what the network allows', start, start - 3000, start + 4000, 0],
    ['differ: the browser is behind', start + 60_000, start, start + 40, 59_960],
    ['differ: the browser is ahead', start - 60_000, start, start + 40, -60_000],
  ])('%s', (_, server, asked, now, ahead) => {
    expect(play(watch(server, asked, now)).ahead).toBe(ahead);
  });

  it('no second comes before its end', () => {
    const feed = play(watch(start, start, start + 100), came(0, start + 900));
    expect(feed.ahead).toBe(100);
    expect(delayOf(feed.buffer)).toEqual({ last: 0, longest: 0 });
    expect(reduceFeed(feed, came(1, start + 2500)).buffer.at(-1)?.delay).toBe(600);
  });
});

describe('time', () => {
  it('goes on where nothing comes, so that the gap is seen', () => {
    const feed = play(watch(start, start, start), came(0, start + 1200));
    expect(feed.end).toBe(start + 1000);
    expect(reduceFeed(feed, { kind: 'tick', now: start + 3000 })).toBe(feed);
    const late = reduceFeed(feed, { kind: 'tick', now: start + 9700 });
    expect(late.end).toBe(start + 8000);
    // What comes after all has its place before the end.
    expect(reduceFeed(late, came(3, start + 9800)).end).toBe(start + 8000);
    expect(reduceFeed(reduceFeed(feed, { kind: 'sleep' }), { kind: 'tick', now: start + 9000 }).end).toBe(start + 1000);
  });

  it('does not begin before the first second', () => {
    expect(play({ kind: 'connect' }, { kind: 'tick', now: start }).end).toBeUndefined();
  });

  it('of a held page is behind', () => {
    const held = play(watch(start, start, start), came(0, start + 1200));
    expect(behind(held, reduceFeed(held, came(7, start + 8200)))).toBe(7000);
    expect(behind(emptyFeed, emptyFeed)).toBe(0);
  });
});

it('knows whether a lost stream is tried again, and keeps what came', () => {
  const feed = play(watch(start, start, start), came(0, start + 1200), { kind: 'dropped', seconds: 2 }, { kind: 'dropped', seconds: 1 });
  expect(feed.dropped).toBe(3);
  const lost = reduceFeed(feed, { kind: 'problem', problem: new Problem(0, 'Gone', ''), next: start + 9000 });
  expect(lost.state).toMatchObject({ kind: 'lost', next: start + 9000 });
  expect(lost.buffer).toHaveLength(1);
  expect(reduceFeed(lost, came(5, start + 6500)).state.kind).toBe('live');
  expect(reduceFeed(feed, { kind: 'problem', problem: new Problem(400, 'Bad', ''), next: undefined }).state.kind).toBe('refused');
  expect(reduceFeed(lost, { kind: 'connect' }).state.kind).toBe('connecting');
});
