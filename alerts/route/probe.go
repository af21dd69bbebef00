package route

import (
	"context"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
)

const (
	probeLabel    = model.LabelName("endscope_probe")
	probeReceiver = "(probe)"
)

// probe puts our own alert again, whose way through the dispatcher health follows.
func (e *Engine) probe(ctx context.Context) {
	now := e.now()
	a := &alert.Alert{UpdatedAt: now, Alert: model.Alert{Labels: model.LabelSet{probeLabel: "dispatcher"}, StartsAt: now}}
	if err := e.alerts.Put(ctx, a); err != nil {
		e.log.Error("could not probe the dispatcher", "err", err)
	}
}
