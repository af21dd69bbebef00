package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reload reads the configuration again and puts into force what can change while the server runs: the log level, the Prometheus rule
// files and the provisioned resources, whose files are read again. It names the other keys that changed, which wait for a restart. It returns once they are in
// force; an error leaves everything as it was.
func (a *App) Reload() error {
	if a.set.Source == nil {
		return errors.New("this server has no configuration that it could read again")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	cfg, err := a.set.Source.Load()
	if err == nil {
		err = a.alerts.reload(context.Background(), cfg.Alerts, cfg.Resources)
	}
	a.reloaded(err == nil)
	if err != nil {
		return err
	}
	if a.set.Level != nil {
		a.set.Level.Set(cfg.Log)
	}
	a.cfg.Log.Level = cfg.Log.Level
	a.cfg.Alerts.Prometheus.RuleFiles, a.cfg.Resources.ProvisioningFiles = cfg.Alerts.Prometheus.RuleFiles, cfg.Resources.ProvisioningFiles
	if waiting := a.set.Source.Changed(a.cfg, cfg); len(waiting) > 0 {
		a.log.Warn("configuration reloaded; some keys wait for a restart", "keys", waiting)
		return nil
	}
	a.log.Info("configuration reloaded")
	return nil
}

// countReloads makes the metrics that tell of reloads whoever sent a signal.
func (a *App) countReloads(registry Registry) error {
	a.reloadGood = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "endscope_config_last_reload_successful",
		Help: "1 if the last reload of configuration, rule files and provisioned files succeeded, 0 if it changed nothing because something is wrong.",
	})
	a.reloadTime = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "endscope_config_last_reload_success_timestamp_seconds",
		Help: "When configuration, rule files and provisioned files were last read with success, as Unix time; starting counts.",
	})
	for _, c := range []prometheus.Collector{a.reloadGood, a.reloadTime} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("register metrics of reloads: %w", err)
		}
	}
	a.reloaded(true)
	return nil
}

// reloaded notes how a reload went. The caller holds mu, or is New.
func (a *App) reloaded(ok bool) {
	a.reloadOK, a.reloadAt = ok, time.Now()
	if !ok {
		a.reloadGood.Set(0)
		return
	}
	a.reloadGood.Set(1)
	a.reloadTime.SetToCurrentTime()
}

// lastReload says how the last reload went; starting counts as the first.
func (a *App) lastReload() (ok bool, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reloadOK, a.reloadAt
}
