package scoring

import "github.com/prometheus/client_golang/prometheus"

// The types of collected events.
const (
	EventTraffic = "traffic" // one for each request
	EventConsole = "console" // one for each line that a container printed
	EventLife    = "event"   // one for each thing that happened to a container
	EventPayload = "payload" // what was asked and answered, for one request in payloadEvery
)

// Why a collected event was dropped.
const (
	DroppedFull        = "queue_full"  // too many waited to be pushed
	DroppedRefused     = "refused"     // the log's server did not take it
	DroppedUndelivered = "undelivered" // it still waited when the instance had to end
)

// Collection counts the events that were collected about an endpoint, and those of them that were dropped. Safe for concurrent use.
type Collection struct{ events, errors *prometheus.CounterVec }

// NewCollection returns counters in reg. It returns an error when reg has them already.
func NewCollection(reg prometheus.Registerer) (*Collection, error) {
	c := &Collection{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_data_collection_events_total",
			Help: "Events that were collected from traffic, consoles and the life of containers, by type."}, []string{"type"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "endpoint_data_collection_errors_total",
			Help: "Collected events that were dropped, by type and why."}, []string{"type", "reason"}),
	}
	for _, m := range []prometheus.Collector{c.events, c.errors} {
		if err := reg.Register(m); err != nil {
			return nil, err
		}
	}
	// As in newMetrics: what can happen is there from the start. Payloads are kept here, so nothing happens to them on the way.
	for _, kind := range []string{EventTraffic, EventConsole, EventLife, EventPayload} {
		c.events.WithLabelValues(kind)
		for _, reason := range []string{DroppedFull, DroppedRefused, DroppedUndelivered} {
			if kind != EventPayload {
				c.errors.WithLabelValues(kind, reason)
			}
		}
	}
	return c, nil
}

// Collected counts an event of a type.
func (c *Collection) Collected(kind string) { c.events.WithLabelValues(kind).Inc() }

// Dropped counts n events of a type that were collected and will not be kept.
func (c *Collection) Dropped(kind, reason string, n int) {
	c.errors.WithLabelValues(kind, reason).Add(float64(n))
}
