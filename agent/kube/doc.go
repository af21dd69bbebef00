// Package kube asks the API of the Kubernetes cluster around the agent two plain questions: what its pod is, and what happened to it.
//
// It owns the service account's token and certificates, the two requests (GET of one pod, list of one pod's events), what their errors say
// to an operator, and the watcher that turns new answers into event rows, restarts and phases of a start. It does not own identity
// (agent/identity), the event log (agent/records), or what is made of restarts and phases (agent/lifecycle). It may import agent/records
// and internal/config.
//
// No informer, no watch, no client library: a pod is read every ten seconds, its events as often while it starts and less often while it
// is steady. A Client is safe for concurrent use. A Watcher is used by one goroutine.
package kube
