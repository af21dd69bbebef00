package agent

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// modelWord makes this test's program a model server.
const modelWord = "model-server"

// What a completion takes, as the model's usage says.
const (
	promptTokens = 7
	answerTokens = 5
)

// modelMain is a model server that does what it is asked: it answers, streams tokens, fails, hangs and floods its console. It returns the exit code.
func modelMain(args []string) int {
	f := flag.NewFlagSet(modelWord, flag.ContinueOnError)
	listen := f.String("listen", "", "address")
	readyAfter := f.Duration("ready-after", 0, "until /health answers 200")
	printed := f.String("printed", "", "file that gets a copy of every row that the console should have, each ended by a zero byte")
	crashes := f.String("crashes", "", "file that holds how often this server crashes still, at its start")
	quiet := f.Bool("quiet", false, "print nothing of requests")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if *crashes != "" {
		text, err := os.ReadFile(*crashes)
		left, _ := strconv.Atoi(string(text))
		if err != nil || left > 0 {
			fmt.Fprintln(os.Stderr, "RuntimeError: the weights are not what they should be")
			_ = os.WriteFile(*crashes, []byte(strconv.Itoa(left-1)), 0o644)
			return 3
		}
	}
	m := &modelServer{started: time.Now(), readyAfter: *readyAfter, quiet: *quiet, reg: prometheus.NewRegistry()}
	if *printed != "" {
		file, err := os.OpenFile(*printed, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return 2
		}
		m.copy = file
	}
	m.metrics()
	m.say(os.Stderr, "INFO model_runner.py:1050] Starting to load model Qwen/Qwen3-8B...")
	time.Sleep(*readyAfter / 3)
	m.say(os.Stderr, "INFO default_loader.py:262] Loading weights took 0.25 seconds")
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s := &http.Server{Handler: m.routes()}
	go func() {
		<-ctx.Done()
		if m.frozen.Load() {
			return // it hears nothing
		}
		_ = s.Close()
	}()
	_ = s.Serve(l)
	m.say(os.Stdout, "bye")
	return 0
}

type modelServer struct {
	started    time.Time
	readyAfter time.Duration
	quiet      bool
	frozen     atomic.Bool
	hanging    atomic.Int64 // requests
	reg        *prometheus.Registry

	mu   sync.Mutex // held while it prints
	copy *os.File

	running          prometheus.Gauge
	finished         *prometheus.CounterVec
	prompt, answered prometheus.Counter
	latency          prometheus.Histogram
}

// say prints one row of the console. A row of several lines must be one that belongs together.
func (m *modelServer) say(to *os.File, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = to.WriteString(text + "\n")
	if m.copy != nil {
		_, _ = m.copy.WriteString(text + "\x00")
	}
}

// metrics makes a page as vLLM has one.
func (m *modelServer) metrics() {
	labels := prometheus.Labels{"engine": "0", "model_name": "Qwen/Qwen3-8B"}
	m.running = prometheus.NewGauge(prometheus.GaugeOpts{Name: "vllm:num_requests_running", Help: "Number of requests in model execution batches.", ConstLabels: labels})
	waiting := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vllm:num_requests_waiting", Help: "Number of requests waiting to be processed.", ConstLabels: labels})
	cache := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vllm:kv_cache_usage_perc", Help: "KV-cache usage. 1 means 100 percent usage.", ConstLabels: labels})
	cache.Set(0.625)
	m.finished = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vllm:request_success_total", Help: "Count of successfully processed requests.", ConstLabels: labels}, []string{"finished_reason"})
	m.finished.WithLabelValues("stop")
	m.prompt = prometheus.NewCounter(prometheus.CounterOpts{Name: "vllm:prompt_tokens_total", Help: "Number of prefill tokens processed.", ConstLabels: labels})
	m.answered = prometheus.NewCounter(prometheus.CounterOpts{Name: "vllm:generation_tokens_total", Help: "Number of generation tokens processed.", ConstLabels: labels})
	m.latency = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vllm:e2e_request_latency_seconds", Help: "Histogram of e2e request latency in seconds.", ConstLabels: labels, Buckets: []float64{0.001, 0.01, 0.1, 1, 10}})
	m.reg.MustRegister(m.running, waiting, cache, m.finished, m.prompt, m.answered, m.latency)
}

func (m *modelServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if time.Since(m.started) < m.readyAfter {
			http.Error(w, "loading", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /score", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"score":"`+strings.Repeat("x", 1012)+`"}`)
		m.served(r, http.StatusOK)
	})
	mux.HandleFunc("POST /v1/chat/completions", m.complete)
	mux.HandleFunc("GET /fail", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "CUDA out of memory", http.StatusInternalServerError)
		m.served(r, http.StatusInternalServerError)
		m.say(os.Stderr, "Traceback (most recent call last):\n  File \"server.py\", line 12, in answer\n    out = model(x)\nRuntimeError: CUDA out of memory while "+r.Header.Get("X-Request-Id"))
	})
	mux.HandleFunc("GET /hang", func(_ http.ResponseWriter, r *http.Request) {
		m.hanging.Add(1)
		defer m.hanging.Add(-1)
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /hanging", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, m.hanging.Load()) })
	mux.HandleFunc("POST /freeze", func(http.ResponseWriter, *http.Request) { m.frozen.Store(true) })
	mux.HandleFunc("POST /flood", m.flood)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.frozen.Load() {
			select {} // not even when the client leaves
		}
		mux.ServeHTTP(w, r)
	})
}

func (m *modelServer) served(r *http.Request, status int) {
	if !m.quiet {
		m.say(os.Stdout, fmt.Sprintf("INFO %s %s %d request %s", r.Method, r.URL.Path, status, r.Header.Get("X-Request-Id")))
	}
}

// complete answers as an OpenAI-compatible server does. The query says how: stream=1 sends tokens one by one, break=1 breaks off after two of them.
func (m *modelServer) complete(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	m.running.Inc()
	defer m.running.Dec()
	_, _ = io.Copy(io.Discard, r.Body)
	const usage = `"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}`
	if r.URL.Query().Get("stream") == "" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"c","object":"chat.completion","model":"Qwen/Qwen3-8B","choices":[{"index":0,"message":{"role":"assistant","content":"one two"},"finish_reason":"stop"}],`+usage+`}`)
	} else {
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		for i := range answerTokens {
			fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"Qwen/Qwen3-8B\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n")
			_ = rc.Flush()
			if i == 1 && r.URL.Query().Get("break") != "" {
				time.Sleep(5 * time.Millisecond) // so that what was sent goes out first
				panic(http.ErrAbortHandler)
			}
			time.Sleep(time.Millisecond)
		}
		_, _ = io.WriteString(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"Qwen/Qwen3-8B\",\"choices\":[],"+usage+"}\n\ndata: [DONE]\n\n")
	}
	m.finished.WithLabelValues("stop").Inc()
	m.prompt.Add(promptTokens)
	m.answered.Add(answerTokens)
	m.latency.Observe(time.Since(began).Seconds())
	m.served(r, http.StatusOK)
}

// flood prints so many lines of 100 bytes as fast as they are taken, and answers how many.
func (m *modelServer) flood(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("lines"))
	m.mu.Lock()
	defer m.mu.Unlock()
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	began := time.Now()
	tail := strings.Repeat("#", 100-len("flood 000000000 \n")) + "\n"
	for i := range n {
		fmt.Fprintf(out, "flood %09d %s", i, tail)
	}
	_ = out.Flush()
	fmt.Fprintf(w, `{"lines":%d,"seconds":%g}`, n, time.Since(began).Seconds())
}
