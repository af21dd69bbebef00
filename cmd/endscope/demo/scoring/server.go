package scoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Behaviour is what is played rather than computed. At its start a server waits as it would for a store of models. Before it scores, it
// waits as it would for a feature store: a log-normal time with the given median, and now and then the store does not answer.
type Behaviour struct {
	Fetch       time.Duration // wait for the model
	Lookup      time.Duration // median of the wait for features
	LookupFails float64       // share of the requests whose wait for features ends in a failure of the model
}

// lookupSpread is the standard deviation of the logarithm of the wait: the 99th percentile is 2.3 times the median.
const lookupSpread = 0.36

const (
	maxBody = 1 << 20
	maxRows = 100
)

// Request is the body of POST /score and of POST /explain.
type Request struct {
	Data [][]float64 `json:"data"` // rows of Features values
}

// Answer is the body of a 200 from POST /score.
type Answer struct {
	DefaultProbability []float64 `json:"default_probability"` // one for each row
}

// Server scores applicants over HTTP. It prints the id that a request brings in its header X-Request-Id, as the proxy before it makes one.
type Server struct {
	name      string
	behaviour Behaviour
	console   console
	metrics   *metrics
	page      http.Handler
	engine    *engine

	ready   atomic.Bool // what follows is set, and does not change any more
	model   Model
	typical Applicant
}

// NewServer returns a server of the model of that name, logistic or boosted. It prints whole lines to out, concurrently.
func NewServer(name string, b Behaviour, out io.Writer) (*Server, error) {
	if trainer(name) == nil {
		return nil, fmt.Errorf("no model is called %q: must be logistic or boosted", name)
	}
	m, reg, err := newMetrics()
	if err != nil {
		return nil, fmt.Errorf("metrics of the scoring server: %w", err)
	}
	return &Server{
		name: name, behaviour: b, console: console{out}, metrics: m, engine: &engine{metrics: m, places: make(chan struct{}, enginePlaces)},
		page: promhttp.HandlerFor(reg, promhttp.HandlerOpts{}),
	}, nil
}

// Serve loads the model and answers on l until ctx ends, and then finishes what is under way, for at most two seconds. It closes l. While
// the model is loaded, GET /health answers 503, and so does everything but the metrics.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.page)
	mux.HandleFunc("GET /health", s.whenReady(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }))
	mux.HandleFunc("POST /score", s.whenReady(s.score))
	mux.HandleFunc("POST /explain", s.whenReady(s.explain))
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	s.console.started(l.Addr().String())
	defer s.console.stopped()
	ended, loaded := make(chan error, 1), make(chan struct{})
	go func() { ended <- server.Serve(l) }()
	go func() {
		defer close(loaded)
		s.load(ctx)
	}()
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
	<-loaded
	return nil
}

// load gets the model.
func (s *Server) load(ctx context.Context) {
	s.console.printf("INFO:     Fetching applicants for the model %q", s.name)
	if pause(ctx, s.behaviour.Fetch) != nil {
		return
	}
	s.console.printf("INFO:     Training the model %q on %d applicants", s.name, trainingRows)
	began := time.Now()
	s.model, s.typical = trainer(s.name)(), typical()
	s.ready.Store(true)
	s.console.printf("INFO:     Trained the model %q in %d ms\nINFO:     Application startup complete.", s.name, time.Since(began).Milliseconds())
}

func (s *Server) whenReady(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.ready.Load() {
			writeJSON(w, http.StatusServiceUnavailable, problem{"the model is being loaded"})
			return
		}
		h(w, r)
	}
}

// exchange is one request and how it went.
type exchange struct {
	request *http.Request
	id      string
	began   time.Time
	rows    []Applicant
	lookup  time.Duration // what it waited for the feature store
	status  int
	err     error // why it was not answered, or not to its end
}

// receive reads a request. Its error is set for one that the model cannot be asked.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{request: r, id: r.Header.Get("X-Request-Id"), began: time.Now()}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		x.rows, err = parse(body)
	}
	x.err = err
	return x
}

// score answers POST /score.
func (s *Server) score(w http.ResponseWriter, r *http.Request) {
	x := s.receive(w, r)
	if x.err != nil {
		s.refuse(w, x, http.StatusBadRequest)
		return
	}
	scores, err := s.ask(r.Context(), x)
	if x.err = err; err != nil {
		s.refuse(w, x, http.StatusInternalServerError)
		return
	}
	x.status = http.StatusOK
	writeJSON(w, x.status, Answer{scores})
	s.finish(x)
}

// refuse answers that the request got no answer of the model's, for the reason of the exchange.
func (s *Server) refuse(w http.ResponseWriter, x *exchange, status int) {
	if x.status = status; x.request.Context().Err() != nil {
		x.status = statusClientLeft
	}
	writeJSON(w, x.status, problem{x.err.Error()})
	s.finish(x)
}

// finish counts a request that has been answered, and prints what there is to say of it.
func (s *Server) finish(x *exchange) {
	s.metrics.requests.WithLabelValues(x.request.URL.Path, strconv.Itoa(x.status)).Inc()
	s.console.answered(x, s.behaviour.Lookup)
}

// ask waits for the feature store and asks the model.
func (s *Server) ask(ctx context.Context, x *exchange) ([]float64, error) {
	began := time.Now()
	if err := pause(ctx, time.Duration(float64(s.behaviour.Lookup)*math.Exp(lookupSpread*rand.NormFloat64()))); err != nil {
		return nil, errLeft
	}
	x.lookup = time.Since(began)
	if rand.Float64() < s.behaviour.LookupFails {
		return nil, fmt.Errorf("%w: the feature store did not answer", ErrModel)
	}
	scores := make([]float64, len(x.rows))
	for i, row := range x.rows {
		var err error
		if scores[i], err = s.model.Score(row); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return scores, nil
}

var errLeft = errors.New("the client left")

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

func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, _ := json.Marshal(answer) // texts and finite numbers always can be
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that left is no fault of ours
}
