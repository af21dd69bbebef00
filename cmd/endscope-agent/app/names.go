package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/endscope/endscope/agent/identity"
	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// cluster returns a client for the cluster around the agent, and nil outside clusters.
func cluster(cfg Config) (*kube.Client, error) {
	if cfg.Identity.Kubernetes == identity.ModeOff && cfg.Kubernetes.Events == kube.ModeOff {
		return nil, nil
	}
	c, err := kube.InCluster(kube.ClientSettings{Timeout: cfg.Kubernetes.Timeout})
	if errors.Is(err, kube.ErrNotInCluster) {
		return nil, nil
	}
	return c, err
}

// names finds out for whom the agent works, and puts it into the agent's configuration.
func names(ctx context.Context, cfg *Config, c *kube.Client, log *slog.Logger) (identity.Result, error) {
	set := identity.Settings{Explicit: identity.Explicit{Endpoint: cfg.Agent.Endpoint, Deployment: cfg.Agent.Deployment, Instance: cfg.Agent.Instance}}
	if c != nil {
		set.Pod, set.Namespace = c.Pod, c.Namespace()
	}
	r, err := identity.Resolve(ctx, cfg.Identity, set)
	for _, note := range r.Notes {
		log.Warn("a source of names could not be read", "why", note)
	}
	if err != nil {
		return r, cli.Usage(err)
	}
	cfg.Agent.Endpoint, cfg.Agent.Deployment, cfg.Agent.Instance = r.Endpoint.Value, r.Deployment.Value, r.Instance.Value
	return r, nil
}
