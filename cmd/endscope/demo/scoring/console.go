package scoring

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// slowLookup is how many times its median a wait for the feature store has to take to be warned of.
const slowLookup = 2.3

// console prints what the server does, worded as a model server in Python does it. Every call is one write of whole lines, so that those
// of one request stay together.
type console struct{ w io.Writer }

func (c console) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.w, format+"\n", args...) }

func (c console) started(addr string) {
	c.printf("INFO:     Started server process [%d]\nINFO:     Serving on http://%s", os.Getpid(), addr)
}

func (c console) stopped() {
	c.printf("INFO:     Shutting down\nINFO:     Finished server process [%d]", os.Getpid())
}

// outcome is the line in JSON about a request that the model has answered. Times are in milliseconds.
type outcome struct {
	Level     string  `json:"level"`
	Event     string  `json:"event"`
	RequestID string  `json:"request_id"`
	Path      string  `json:"path"`
	Rows      int     `json:"rows"`
	LookupMs  float64 `json:"lookup_ms"`
	LatencyMs float64 `json:"latency_ms"`
}

// answered prints the lines about a request: what went wrong, if anything did, what the model did, and that it was answered.
func (c console) answered(x *exchange, usual time.Duration) {
	var b strings.Builder
	r := x.request
	switch {
	case x.status == statusClientLeft:
	case x.status == http.StatusInternalServerError:
		traceback(&b, x)
	case x.status >= 400:
		fmt.Fprintf(&b, "WARNING:  %s refused: %v (request_id=%s)\n", r.URL.Path, x.err, x.id)
	case x.err != nil:
		fmt.Fprintf(&b, "WARNING:  the answer broke off: %v (request_id=%s)\n", x.err, x.id)
	default:
		if x.lookup.Seconds() > slowLookup*usual.Seconds() {
			fmt.Fprintf(&b, "WARNING:  the feature store took %d ms, usually %d ms (request_id=%s)\n", x.lookup.Milliseconds(), usual.Milliseconds(), x.id)
		}
		line, _ := json.Marshal(outcome{"info", "scored", x.id, r.URL.Path, len(x.rows), milliseconds(x.lookup), milliseconds(time.Since(x.began))}) // texts and numbers always can be
		b.Write(append(line, '\n'))
	}
	fmt.Fprintf(&b, "INFO:     %s - \"%s %s %s\" %d %s request_id=%s\n", r.RemoteAddr, r.Method, r.URL.Path, r.Proto, x.status, reason(x.status), x.id)
	_, _ = io.WriteString(c.w, b.String())
}

// traceback prints the failure of the model.
func traceback(b *strings.Builder, x *exchange) {
	fmt.Fprintf(b, `ERROR:    Exception in the model (request_id=%s)
Traceback (most recent call last):
  File "/app/score.py", line 58, in run
    return model.score(store.lookup(applicants))
RuntimeError: %v
`, x.id, x.err)
}

// statusClientLeft stands for an answer that nobody waited for. No standard names it, and proxies use it.
const statusClientLeft = 499

func reason(status int) string {
	if status == statusClientLeft {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// milliseconds returns d in milliseconds, rounded to microseconds.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
