package scoring

import (
	"encoding/json"
	"sync"
	"time"
)

const (
	payloadEvery = 10
	eventsKept   = 100
)

// event is one collected event, as GET /events shows it.
type event struct {
	Time        time.Time       `json:"time"`
	Type        string          `json:"type"`
	Status      int             `json:"status"`
	ModelStatus int             `json:"model_status,omitempty"`
	Seconds     float64         `json:"seconds,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Request     json.RawMessage `json:"request,omitempty"`
	Answer      json.RawMessage `json:"answer,omitempty"`
}

// events keeps the last events that were collected. Safe for concurrent use.
type events struct {
	mu    sync.Mutex
	ring  []event
	total int
}

func (e *events) add(ev event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.ring) < eventsKept {
		e.ring = append(e.ring, ev)
	} else {
		e.ring[e.total%eventsKept] = ev
	}
	e.total++
}

// last returns what is kept, oldest first.
func (e *events) last() []event {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]event, 0, len(e.ring))
	for i := range e.ring {
		out = append(out, e.ring[(e.total+i)%len(e.ring)])
	}
	return out
}
