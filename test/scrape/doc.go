// Package scrape drives what the agent scrapes through the whole chain: pages of model servers, the real collector, the agent that pushes, the real
// server, and its answers in the words of the metric catalogue, against what PromQL says of the scraped series themselves.
//
// It owns those tests alone: how a page becomes canonical series is tested in agent/scrape, whose sample pages it reads. It imports the agent and
// cmd/endscope/app. Time is the pages' own: they are scraped one after another, and each is pushed as of its place in a quarter of an hour that is over.
package scrape
