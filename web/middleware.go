package web

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/scopes"
)

// handler answers a request or returns an error, never both.
type handler func(w http.ResponseWriter, r *http.Request) error

// metrics are what the server counts about its requests.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "endscope_http_requests_total",
			Help: "Requests answered, by route name and status code; 499 is a client that left before its answer.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "endscope_http_request_duration_seconds",
			Help:                            "Time from a request's headers to the end of its answer, by route name.",
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "endscope_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "endscope_http_panics_total",
			Help: "Handlers that panicked; each is a fault of the server and is logged with its stack.",
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.inFlight, m.panics} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// answer is a ResponseWriter that knows whether the answer has begun. Handlers see it also as an http.Flusher.
type answer struct {
	http.ResponseWriter
	status int // 0 until the answer has begun
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Flush sends what was written so far.
func (a *answer) Flush() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if f, ok := a.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// serve makes a http.Handler of a route's handler: it counts, recovers, decides the caller's grants and turns errors into answers.
func (s *Server) serve(rt route) http.Handler {
	inner := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				s.recovered(rt, a, r, p)
			}
		}()
		err := rt.allow(r)
		if err == nil {
			err = rt.handle(a, r)
		}
		if err != nil {
			s.fail(rt, a, r, err)
		}
	}))
	if !rt.plain {
		inner = s.compress(inner)
	}
	duration := s.metrics.duration.WithLabelValues(rt.name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s.metrics.inFlight.Inc()
		a := &answer{ResponseWriter: w}
		aborted := true
		defer func() {
			s.metrics.inFlight.Dec()
			duration.Observe(time.Since(start).Seconds())
			code := a.status
			switch {
			case r.Context().Err() != nil && (aborted || code == 0 || code >= 500):
				code = statusClientGone
			case aborted:
				code = http.StatusInternalServerError
			case code == 0:
				code = http.StatusOK
			}
			s.metrics.requests.WithLabelValues(rt.name, strconv.Itoa(code)).Inc()
		}()
		inner.ServeHTTP(a, r.WithContext(scopes.WithGrants(r.Context(), s.grants(r))))
		aborted = false
	})
}

// allow refuses callers who may not see everything where an answer cannot be narrowed to what they may see.
func (rt route) allow(r *http.Request) error {
	if !rt.everything {
		return nil
	}
	grants, err := scopes.GrantsFrom(r.Context())
	if err != nil {
		return err
	}
	if !grants.All() {
		return &ForbiddenError{"this shows or changes all of the store, and the caller is granted a part of it"}
	}
	return nil
}

// fail answers with the error, or aborts the connection when the answer has already begun.
func (s *Server) fail(rt route, a *answer, r *http.Request, err error) {
	if errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	p, known := problemOf(err)
	gone := r.Context().Err() != nil
	if !known && !gone {
		s.log.Error("request failed", "route", rt.name, "method", r.Method, "path", r.URL.Path, "err", err)
	}
	if a.status != 0 {
		if known && !gone {
			s.log.Warn("answer aborted", "route", rt.name, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
	if gone {
		a.WriteHeader(statusClientGone)
		return
	}
	s.writeProblem(rt, a, p, err)
}

// writeProblem answers with a problem in the route's shape. What the error knows beyond it, such as the place in a query, is told too.
func (s *Server) writeProblem(rt route, w http.ResponseWriter, p Problem, cause error) {
	if after := p.retryAfter(); after > 0 && !logsTooLong(cause) && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	write := func(w http.ResponseWriter) error { return p.writeAt(w, placeOf(cause)) }
	more := members(cause)
	switch {
	case more != nil && !rt.native && !rt.azure && !rt.azureLogs:
		write = func(w http.ResponseWriter) error { return p.writeMembers(w, more) }
	case rt.native:
		write = p.writeNative
	case rt.azure:
		write = p.writeAzure
	case rt.azureLogs:
		write = func(w http.ResponseWriter) error { return p.writeAzureLogs(w, cause) }
	}
	if err := write(w); err != nil {
		s.log.Debug("problem not sent", "route", rt.name, "err", err)
	}
}

// recovered answers 500 for a handler that panicked. A panic after the answer has begun aborts the connection.
func (s *Server) recovered(rt route, a *answer, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.metrics.panics.Inc()
	s.log.Error("handler panicked", "route", rt.name, "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	internal, _ := problemOf(nil)
	s.writeProblem(rt, a, internal, nil)
}

// newCompressor returns the wrapper that compresses answers of at least a packet for clients that ask for it.
func newCompressor() (func(http.Handler) http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, err
	}
	return func(h http.Handler) http.Handler { return wrap(h) }, nil
}
