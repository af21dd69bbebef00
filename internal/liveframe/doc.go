// Package liveframe is what agents and the server say to each other on the stream of the Live view: the server's request for frames, the frames, and
// the histogram and the filter in them.
//
// It owns these messages as JSON, their bounds, and how a filter meets a request, so that agent/live can make frames and live can merge them without
// knowing each other. It imports nothing of ours, and agent/live, live, web and cmd may import it. Values are not safe for concurrent use, but for a
// Matcher.
//
// The format is described in docs/live.md.
package liveframe
