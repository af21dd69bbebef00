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

// Settings are where a server says what it does.
type Settings struct {
	Registerer prometheus.Registerer
	Collection *Collection   // counts traffic and payloads
	Traffic    func(Traffic) // gets every request that was answered; must not block; may be called concurrently
	Console    io.Writer     // gets what the server prints, whole lines at a time; may be called concurrently
}

// Server scores applicants over HTTP.
type Server struct {
	set       Settings
	model     Model
	behaviour Behaviour
	metrics   *metrics
	console   console
	engine    *engine
	typical   Applicant
	events    events
	scored    atomic.Int64

	requestLimit, answerLimit *bandwidth
}

// NewServer returns a server that measures itself. It returns an error when the registerer has its metrics already.
func NewServer(model Model, b Behaviour, set Settings) (*Server, error) {
	m, err := newMetrics(set.Registerer)
	if err != nil {
		return nil, fmt.Errorf("metrics of the scoring server: %w", err)
	}
	em, err := newEngineMetrics(set.Registerer)
	if err != nil {
		return nil, fmt.Errorf("metrics of the engine: %w", err)
	}
	return &Server{
		set: set, model: model, behaviour: b, metrics: m, console: console{set.Console}, engine: newEngine(em), typical: typical(),
		requestLimit: &bandwidth{burst: requestBurst}, answerLimit: &bandwidth{burst: answerBurst},
	}, nil
}

// Serve answers on l until ctx ends, and then finishes what is under way, for at most two seconds. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /score", s.score)
	mux.HandleFunc("POST /explain", s.explain)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		body, _ := json.Marshal(s.events.last()) // of what was JSON before
		writeJSON(w, http.StatusOK, body)
	})
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
	s.console.started(l.Addr().String())
	defer s.console.stopped()
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
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()

	x, rows, err := s.receive(w, r)
	if err != nil {
		s.answer(w, x, http.StatusBadRequest, 0, problem{err.Error()}, err)
		return
	}
	scores, err := s.ask(r.Context(), x, rows)
	asked := time.Now()
	s.metrics.model.Observe(asked.Sub(x.read).Seconds())
	if r.Context().Err() == nil {
		x.answered = asked
	}
	switch {
	case x.answered.IsZero():
		s.answer(w, x, statusClientLeft, 0, problem{"the client left"}, err)
	case err != nil: // the endpoint works, what it depends on does not
		s.answer(w, x, http.StatusFailedDependency, http.StatusInternalServerError, problem{err.Error()}, err)
	default:
		s.answer(w, x, http.StatusOK, http.StatusOK, Answer{scores}, nil)
	}
}

// exchange is one request and how it went.
type exchange struct {
	request     *http.Request
	id          string
	body        []byte
	rows        int
	began, read time.Time     // its first byte, and its last
	lookup      time.Duration // what it waited for the feature store
	answered    time.Time     // first byte of the model's answer; zero when it was not asked

	requestDelay, answerDelay time.Duration // by the limits on bandwidth
}

// receive reads a request and holds it back as long as its size demands. It returns an error for one that the model cannot be asked.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (*exchange, []Applicant, error) {
	x := &exchange{request: r, id: NewID(), began: time.Now()}
	w.Header().Set(HeaderRequestID, x.id)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	x.body = body
	x.requestDelay = s.hold(r.Context(), s.requestLimit, len(body), s.metrics.requestDelay)
	x.read = time.Now()
	s.metrics.requestSize.Observe(float64(len(body)))
	s.metrics.upload.Observe(x.read.Sub(x.began).Seconds())
	if err != nil {
		return x, nil, err
	}
	rows, err := parse(body)
	x.rows = len(rows)
	return x, rows, err
}

// hold waits as long as a limit demands for so many bytes, or until ctx ends, and returns how long that took.
func (s *Server) hold(ctx context.Context, limit *bandwidth, size int, counter prometheus.Counter) time.Duration {
	began := time.Now()
	delay := limit.take(size, began)
	if delay == 0 {
		return 0
	}
	_ = pause(ctx, delay) // who left is not waited for, and that is found out later
	delay = time.Since(began)
	counter.Add(delay.Seconds())
	return delay
}

// answer writes an answer in one piece, and measures the request.
func (s *Server) answer(w http.ResponseWriter, x *exchange, status, modelStatus int, answer any, err error) {
	answered := time.Now()
	body, encoded := json.Marshal(answer)
	if encoded != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	x.answerDelay = s.hold(x.request.Context(), s.answerLimit, len(body), s.metrics.answerDelay)
	size := writeJSON(w, status, body)
	s.metrics.download.Observe(time.Since(answered).Seconds())
	s.measure(x, status, modelStatus, size, answer, err)
}

// measure counts a request that has been answered, and collects what there is to say of it.
func (s *Server) measure(x *exchange, status, modelStatus, size int, answer any, err error) {
	took := time.Since(x.began)
	s.metrics.responseSize.Observe(float64(size))
	model := ""
	if modelStatus != 0 {
		model = strconv.Itoa(modelStatus)
	}
	s.metrics.requests.WithLabelValues(strconv.Itoa(status), model).Observe(took.Seconds())
	s.set.Traffic(x.traffic(status, modelStatus, size, took))
	s.console.answered(x, status, modelStatus, took, s.behaviour.Lookup, err)
	s.collect(event{Time: x.began, Status: status, ModelStatus: modelStatus, Seconds: took.Seconds()}, x.body, answer, err)
}

// ask waits for the feature store and asks the model.
func (s *Server) ask(ctx context.Context, x *exchange, rows []Applicant) ([]float64, error) {
	began := time.Now()
	wait := time.NewTimer(time.Duration(float64(s.behaviour.Lookup) * math.Exp(lookupSpread*rand.NormFloat64())))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
	}
	x.lookup = time.Since(began)
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
	ev.Type = EventTraffic
	if err != nil {
		ev.Reason = err.Error()
	}
	s.events.add(ev)
	s.set.Collection.Collected(EventTraffic)
	if ev.Status == http.StatusOK && s.scored.Add(1)%payloadEvery == 1 {
		ev.Type, ev.Request = EventPayload, body
		ev.Answer, _ = json.Marshal(answer)
		s.events.add(ev)
		s.set.Collection.Collected(EventPayload)
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
func writeJSON(w http.ResponseWriter, status int, body []byte) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	n, _ := w.Write(append(body, '\n')) // a client that left is no fault of ours
	return n
}
