package scoring

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Behaviour is what is played rather than computed. Before it scores, a server waits as it would for a feature store: a log-normal
// time with the given median, and now and then the store does not answer.
type Behaviour struct {
	Lookup      time.Duration // median of the wait
	LookupFails float64       // share of the requests whose wait ends in a failure of the model
}

// lookupSpread is the standard deviation of the logarithm of the wait: the 99th percentile is 2.3 times the median.
const lookupSpread = 0.36

const (
	maxBody = 1 << 20
	maxRows = 100
)

// Request is the body of POST /score.
type Request struct {
	Data [][]float64 `json:"data"` // rows of Features values
}

// Answer is the body of a 200 from POST /score.
type Answer struct {
	DefaultProbability []float64 `json:"default_probability"` // one for each row
}

// Server scores applicants over HTTP.
type Server struct {
	model     Model
	behaviour Behaviour
	metrics   *metrics
	engine    *engine
	typical   Applicant
	events    events
	scored    atomic.Int64
}

// NewServer returns a server that measures itself into reg. It returns an error when reg has its metrics already.
func NewServer(model Model, b Behaviour, reg prometheus.Registerer) (*Server, error) {
	m, err := newMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("metrics of the scoring server: %w", err)
	}
	em, err := newEngineMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("metrics of the engine: %w", err)
	}
	return &Server{model: model, behaviour: b, metrics: m, engine: newEngine(em), typical: typical()}, nil
}

// Serve answers on l until ctx ends, and then finishes what is under way, for at most two seconds. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /score", s.score)
	mux.HandleFunc("POST /explain", s.explain)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) { _ = writeJSON(w, http.StatusOK, s.events.last()) })
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.metrics.opened.Inc()
				s.metrics.connections.Inc()
			case http.StateClosed, http.StateHijacked:
				s.metrics.connections.Dec()
			}
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(countedListener{l, s.metrics.received, s.metrics.sent}) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		_ = server.Close()
	}
	<-ended
	return nil
}

// score answers one request, measures it, and collects events of it.
func (s *Server) score(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	read := time.Now()
	s.metrics.requestSize.Observe(float64(len(body)))
	s.metrics.upload.Observe(read.Sub(began).Seconds())
	status, modelStatus := http.StatusOK, 0
	var answer any
	var rows []Applicant
	if err == nil {
		rows, err = parse(body)
	}
	if err != nil {
		status, answer = http.StatusBadRequest, problem{err.Error()}
	} else {
		var scores []float64
		scores, err = s.ask(r.Context(), rows)
		s.metrics.model.Observe(time.Since(read).Seconds())
		switch {
		case r.Context().Err() != nil:
			status, modelStatus, answer = 499, 0, problem{"the client left"}
		case err != nil: // the endpoint works, what it depends on does not
			status, modelStatus, answer = http.StatusFailedDependency, http.StatusInternalServerError, problem{err.Error()}
		default:
			modelStatus, answer = http.StatusOK, Answer{scores}
		}
	}
	s.answer(w, exchange{began: began, read: read, body: body}, status, modelStatus, answer, err)
}

// exchange is one request and when it came.
type exchange struct {
	began, read time.Time // its first byte, and its last
	body        []byte
}

// answer writes an answer in one piece, and measures the request.
func (s *Server) answer(w http.ResponseWriter, x exchange, status, modelStatus int, answer any, err error) {
	answered := time.Now()
	size := writeJSON(w, status, answer)
	s.metrics.download.Observe(time.Since(answered).Seconds())
	s.measure(x, status, modelStatus, size, answer, err)
}

// measure counts a request that has been answered.
func (s *Server) measure(x exchange, status, modelStatus, size int, answer any, err error) {
	took := time.Since(x.began).Seconds()
	s.metrics.responseSize.Observe(float64(size))
	model := ""
	if modelStatus != 0 {
		model = strconv.Itoa(modelStatus)
	}
	s.metrics.requests.WithLabelValues(strconv.Itoa(status), model).Observe(took)
	s.collect(event{Time: x.began, Status: status, ModelStatus: modelStatus, Seconds: took}, x.body, answer, err)
}

// ask waits for the feature store and asks the model.
func (s *Server) ask(ctx context.Context, rows []Applicant) ([]float64, error) {
	wait := time.NewTimer(time.Duration(float64(s.behaviour.Lookup) * math.Exp(lookupSpread*rand.NormFloat64())))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
	}
	if rand.Float64() < s.behaviour.LookupFails {
		return nil, fmt.Errorf("%w: the feature store did not answer", ErrModel)
	}
	scores := make([]float64, len(rows))
	for i, row := range rows {
		var err error
		if scores[i], err = s.model.Score(row); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return scores, nil
}

// collect keeps a traffic event, and the payload of one request in payloadEvery.
func (s *Server) collect(ev event, body []byte, answer any, err error) {
	ev.Type = eventTraffic
	if err != nil {
		ev.Reason = err.Error()
	}
	s.events.add(ev)
	s.metrics.collected.WithLabelValues(eventTraffic).Inc()
	if ev.Status == http.StatusOK && s.scored.Add(1)%payloadEvery == 1 {
		ev.Type, ev.Request = eventPayload, body
		ev.Answer, _ = json.Marshal(answer)
		s.events.add(ev)
		s.metrics.collected.WithLabelValues(eventPayload).Inc()
	}
}

// parse reads a request's body. Its errors say what a caller has to change.
func parse(body []byte) ([]Applicant, error) {
	var req Request
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, fmt.Errorf("the body must be {\"data\": [[…]]}: %w", err)
	}
	if len(req.Data) == 0 || len(req.Data) > maxRows {
		return nil, fmt.Errorf("data must hold 1 to %d rows (got %d)", maxRows, len(req.Data))
	}
	rows := make([]Applicant, len(req.Data))
	for i, row := range req.Data {
		if len(row) != Features {
			return nil, fmt.Errorf("row %d must have %d values (got %d)", i, Features, len(row))
		}
		copy(rows[i][:], row)
	}
	return rows, nil
}

type problem struct {
	Error string `json:"error"`
}

// writeJSON returns the number of bytes that it wrote.
func writeJSON(w http.ResponseWriter, status int, v any) int {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	n, _ := w.Write(append(body, '\n')) // a client that left is no fault of ours
	return n
}
