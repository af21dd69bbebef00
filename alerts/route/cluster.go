package route

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/cluster"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
)

// join makes what the logs broadcast durable and, in a cluster, known to the others.
func (e *Engine) join(reg prometheus.Registerer, log *nflog.Log) error {
	gossipNotified, gossipSilences := func([]byte) {}, func([]byte) {}
	if c := e.cfg.Cluster; c.ListenAddress != "" {
		tls, err := cluster.GetTLSTransportConfig(c.TLSConfigFile)
		if err != nil {
			return fmt.Errorf("alerts.routing.cluster.tls_config_file: %w", err)
		}
		e.peer, err = cluster.Create(e.log.With("component", "cluster"), reg, c.ListenAddress, c.AdvertiseAddress, c.Peers, true,
			cluster.DefaultPushPullInterval, cluster.DefaultGossipInterval, cluster.DefaultTCPTimeout, cluster.DefaultResolvePeersTimeout,
			cluster.DefaultProbeTimeout, cluster.DefaultProbeInterval, tls, c.AllowUnauthenticated, "", "")
		if err != nil {
			return fmt.Errorf("alerts.routing.cluster: %w", err)
		}
		gossipNotified = e.peer.AddState("nfl", log, reg).Broadcast
		gossipSilences = e.peer.AddState("sil", e.silences, reg).Broadcast
	}
	log.SetBroadcast(e.broadcast(kindNotified, notifiedEntries, gossipNotified))
	e.silences.SetBroadcast(e.broadcast(kindSilence, silenceEntries, gossipSilences))
	return nil
}

// broadcast returns what a log calls, under its lock, with every change.
func (e *Engine) broadcast(kind string, split func([]byte) ([]alerts.JournalEntry, error), gossip func([]byte)) func([]byte) {
	return func(b []byte) {
		entries, err := split(b)
		if err != nil {
			e.log.Error("a change of routing's state could not be journalled", "kind", kind, "err", err)
		}
		e.journal.add(kind, entries)
		gossip(b)
	}
}

// settle looks for the others. Until the cluster has settled, or a minute has passed, nothing is notified.
func (e *Engine) settle(ctx context.Context, wg *sync.WaitGroup) {
	if e.peer == nil {
		return
	}
	if err := e.peer.Join(cluster.DefaultReconnectInterval, cluster.DefaultReconnectTimeout); err != nil {
		e.log.Warn("no other server of the cluster can be reached; it is tried again", "err", err)
	}
	wg.Go(func() {
		bounded, cancel := context.WithTimeout(ctx, cluster.DefaultPushPullInterval)
		defer cancel()
		e.peer.Settle(bounded, cluster.DefaultGossipInterval*10)
	})
}

// wait is how long this server lets those before it in the cluster notify.
func (e *Engine) wait() time.Duration {
	if e.peer == nil {
		return 0
	}
	return time.Duration(e.peer.Position()) * e.cfg.Cluster.PeerTimeout
}

// leave says goodbye to the others. The listener of gossip and what reads from it stay until the process ends, since Alertmanager's peer has no
// way to shut its memberlist down: an address is used once in a process.
func (e *Engine) leave() error {
	if err := e.peer.Leave(5 * time.Second); err != nil {
		return fmt.Errorf("leave the cluster: %w", err)
	}
	return nil
}
