package app

import (
	"context"
	"fmt"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/host"
	"github.com/endscope/endscope/agent/live"
	"github.com/endscope/endscope/agent/records"
)

// openLive makes the stream for the Live view. The proxy is there already; it serves nothing yet.
func (i *instance) openLive() error {
	if !i.cfg.Live.Enabled {
		return nil
	}
	client, err := i.cfg.Agent.HTTPClient.ClientForStreams()
	if err != nil {
		return err
	}
	set := live.Settings{Logger: i.log, Registerer: i.reg, Server: i.cfg.Agent.Server, HTTPClient: client, Identity: i.names.Path()}
	if i.proxy != nil {
		set.InFlight = i.proxy.InFlight
	}
	if i.cfg.Agent.Collectors.Host.Enabled {
		meter, err := host.NewMeter(host.Config{Cgroup: i.cfg.Agent.Collectors.Host.Cgroup}, host.Settings{Logger: i.log})
		if err != nil {
			return fmt.Errorf("live: %w", err)
		}
		set.Host = func(ctx context.Context, forget bool) live.Use {
			if forget {
				meter.Forget()
			}
			use, err := meter.Read(ctx)
			if err != nil { // the collector says so, too, where people look
				i.log.Debug("the host could not be read for the live view", "err", err)
			}
			return live.Use{CPU: use.CPU, Memory: use.Memory}
		}
	}
	if i.live, err = live.New(i.cfg.Live, set); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// request takes the row of a request that has ended.
func (i *instance) request(row records.Traffic) {
	if i.live != nil {
		i.live.Request(&row)
	}
	i.recorder.Traffic(row)
}

// watched shows the Live view what collectors read.
func (i *instance) watched(sources []agent.Source) []agent.Source {
	if i.live == nil {
		return sources
	}
	for n := range sources {
		sources[n].Collector = watchedCollector{sources[n].Collector, i.live}
	}
	return sources
}

// watchedCollector is a collector whose readings the Live view gets, too.
type watchedCollector struct {
	agent.Collector
	live *live.Live
}

func (c watchedCollector) Collect(ctx context.Context, r *agent.Round) error {
	err := c.Collector.Collect(ctx, r)
	c.live.Readings(c.Name(), r.Readings)
	return err
}
