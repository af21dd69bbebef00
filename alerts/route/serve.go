package route

import (
	"bytes"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/cluster"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	"github.com/prometheus/common/version"
)

// maxRequest bounds what is posted to the API.
const maxRequest = 10 << 20

// serve makes the handler of Alertmanager's API v2.
func (e *Engine) serve(reg prometheus.Registerer) (err error) {
	var peer cluster.ClusterPeer // an interface that is nil, rather than one that holds nil
	if e.peer != nil {
		peer = e.peer
	}
	e.api, err = api.New(api.Options{
		Alerts:          view{e.alerts, e},
		Silences:        e.silences,
		GroupMutedFunc:  e.groups.Muted,
		Peer:            peer,
		Logger:          e.log.With("component", "api"),
		Registry:        reg,
		RequestDuration: e.metrics.requests,
		GroupFunc:       e.alertGroups,
	})
	if err != nil {
		return err
	}
	e.handler = e.front(e.api.Register(route.New(), "/"))
	return nil
}

// Handler serves Alertmanager's API v2 below /api/v2/.
func (e *Engine) Handler() http.Handler { return e.handler }

// front lets only paths of the API in, since each is a label of a metric, waits until a silence is on disk before it says so, and shows
// the configuration in words that every amtool reads.
func (e *Engine) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/api/v2/")
		id, one := strings.CutPrefix(path, "silence/")
		switch {
		case ok && (path == "alerts" || path == "alerts/groups" || path == "receivers" || path == "silences" || path == "status"):
		case ok && one && id != "" && !strings.Contains(id, "/"):
		default:
			http.NotFound(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		switch {
		case r.Method == http.MethodPost && path == "silences", r.Method == http.MethodDelete && one:
			answer := &held{header: http.Header{}}
			next.ServeHTTP(answer, r)
			if err := e.flush(r.Context()); err != nil && answer.status < 300 {
				answer = &held{header: http.Header{"Content-Type": {"application/json"}}, status: http.StatusInternalServerError}
				answer.body.WriteString(`"the silence could not be saved"` + "\n")
			}
			answer.release(w)
		case r.Method == http.MethodGet && path == "status":
			answer := &held{header: http.Header{}}
			next.ServeHTTP(answer, r)
			e.showStatus(answer)
			answer.release(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// showStatus puts our own text of the configuration in the place of Alertmanager's, which has fields that amtool of Debian refuses, and says
// which version this is where the program was built without being told.
func (e *Engine) showStatus(answer *held) {
	var status map[string]json.RawMessage
	text := e.status.Load()
	if answer.status != http.StatusOK || text == nil || json.Unmarshal(answer.body.Bytes(), &status) != nil {
		return
	}
	shown, err := json.Marshal(map[string]string{"original": *text})
	if err != nil {
		return
	}
	status["config"] = shown
	var info map[string]string
	if json.Unmarshal(status["versionInfo"], &info) == nil && info["version"] == "" {
		info["version"], info["revision"] = builtVersion(), version.GetRevision()
		if status["versionInfo"], err = json.Marshal(info); err != nil {
			return
		}
	}
	body, err := json.Marshal(status)
	if err != nil {
		return
	}
	answer.header.Del("Content-Length")
	answer.body.Reset()
	answer.body.Write(body)
}

// builtVersion returns the version that the go command wrote into the program.
func builtVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// held is an answer that has not been sent yet.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header { return h.header }

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *held) release(w http.ResponseWriter) {
	for name, values := range h.header {
		w.Header()[name] = values
	}
	h.WriteHeader(http.StatusOK)
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // a client that is gone needs no answer
}

// elsewhere answers for the API where alerts are routed by an Alertmanager elsewhere: a silence that nobody heeds must not look like one.
func elsewhere(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`"alerts are routed by an Alertmanager elsewhere (alerts.routing.external): ask it for alerts, groups and silences"` + "\n"))
}
