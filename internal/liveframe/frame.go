package liveframe

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of what a stream may carry. A frame beyond them is refused as a whole, but for texts, which are cut.
const (
	// MaxFailing is how many failing requests a frame shows of each view.
	MaxFailing = 10
	// MaxSlowest is how many of the longest requests a frame shows of each view.
	MaxSlowest = 3
	// MaxViews is how many filters an agent is asked about at a time.
	MaxViews = 16
	// MaxAsk is the size of the largest message of the server, in bytes.
	MaxAsk = 256 << 10
	// UsualBytes is the size of the largest frame that a server takes which does not say.
	UsualBytes = 64 << 10

	maxGPUs   = 128
	maxCount  = 1_000_000_000_000 // of anything in one second; sums of many stay exact in an int64
	maxPath   = 512
	maxReason = 200
	maxWord   = 128
)

// Message is what the server sends. An agent passes over what it does not know.
type Message struct {
	Frames *Ask `json:"frames,omitempty"`
}

// Ask asks an agent for one frame a second until the lease ends. The newest one counts.
type Ask struct {
	LeaseMS  int64  `json:"lease_ms"`            // 0 ends it at once
	TimeMS   int64  `json:"time_ms"`             // what the server's clock shows as it sends this, Unix milliseconds
	MaxBytes int64  `json:"max_bytes,omitempty"` // a larger frame ends the stream; 0 is UsualBytes
	Views    []View `json:"views,omitempty"`
}

// View is a filter that traffic is counted by.
type View struct {
	ID     int    `json:"id"`
	Filter Filter `json:"filter"`
}

// Frame is one second of one instance. What is not known is left out.
type Frame struct {
	Second   int64     `json:"second"`              // when it began, Unix seconds of the server's clock
	Views    []Traffic `json:"views,omitempty"`     // none from an agent without a proxy
	InFlight *int64    `json:"in_flight,omitempty"` // requests at its end
	Dropped  int64     `json:"dropped,omitempty"`   // requests that ended and are in no view, because the tap was busy
	CPU      *float64  `json:"cpu,omitempty"`       // share of what the instance may use, of this second where it could be read
	Memory   *float64  `json:"memory,omitempty"`    // the same
	GPUs     []GPU     `json:"gpus,omitempty"`      // as read last
	GPUAgeMS int64     `json:"gpu_age_ms,omitempty"`
}

// GPU is what one device said.
type GPU struct {
	GPU         string   `json:"gpu"`
	Utilization *float64 `json:"utilization,omitempty"`
	Memory      *float64 `json:"memory,omitempty"`
}

// Traffic is the requests that ended in the second and met a view's filter.
type Traffic struct {
	View          int       `json:"view"`
	Requests      int64     `json:"requests"`
	Failures      int64     `json:"failures"` // of them with a status of 400 or above, or a broken answer
	Classes       Classes   `json:"classes"`
	Duration      Histogram `json:"duration"`
	RequestBytes  int64     `json:"request_bytes"`
	ResponseBytes int64     `json:"response_bytes"`
	InputTokens   *int64    `json:"input_tokens,omitempty"` // as answers told; absent when none did
	OutputTokens  *int64    `json:"output_tokens,omitempty"`
	Failing       []Request `json:"failing,omitempty"` // a sample of the failures
	Slowest       []Request `json:"slowest,omitempty"` // the longest requests, whether they failed or not
}

// Classes counts requests by the first digit of their status; at 0 those whose status is none.
type Classes [6]int64

// ClassOf returns the place of a status in Classes.
func ClassOf(status int) int {
	if status < 100 || status > 599 {
		return 0
	}
	return status / 100
}

// ClassName returns the name of a place in Classes: 2xx, or other.
func ClassName(class int) string {
	if class < 1 || class > 5 {
		return "other"
	}
	return string(rune('0'+class)) + "xx"
}

// Request is one request.
type Request struct {
	Time        time.Time `json:"time"` // of its first byte, by the instance's clock, as in its row of the traffic log
	Method      string    `json:"method"`
	Path        string    `json:"path"` // without the query
	Status      int       `json:"status"`
	ModelStatus int       `json:"model_status,omitempty"`
	DurationMS  float64   `json:"duration_ms"`
	Reason      string    `json:"reason,omitempty"`
	StreamError string    `json:"stream_error,omitempty"`
	RequestID   string    `json:"request_id"`
}

// Trim cuts the texts to their bounds.
func (r *Request) Trim() {
	r.Method, r.Path, r.Reason = cut(r.Method, maxWord), cut(r.Path, maxPath), cut(r.Reason, maxReason)
	r.StreamError, r.RequestID = cut(r.StreamError, maxWord), cut(r.RequestID, maxWord)
}

// cut returns the first bytes of a text, at most n, without half a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// DecodeFrame reads a frame and checks it: sums of what it returns do not overflow, whoever sent it. Members that are unknown are passed over.
func DecodeFrame(data []byte) (*Frame, error) {
	f := &Frame{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("a frame must be JSON: %w", err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("frame of second %d: %w", f.Second, err)
	}
	return f, nil
}

func (f *Frame) check() error {
	if len(f.Views) > MaxViews || len(f.GPUs) > maxGPUs {
		return fmt.Errorf("must have at most %d views and %d GPUs (got %d and %d)", MaxViews, maxGPUs, len(f.Views), len(f.GPUs))
	}
	if err := counts(f.Dropped, f.GPUAgeMS, value(f.InFlight)); err != nil {
		return err
	}
	if err := ratios(f.CPU, f.Memory); err != nil {
		return err
	}
	for i := range f.GPUs {
		f.GPUs[i].GPU = cut(f.GPUs[i].GPU, maxWord)
		if err := ratios(f.GPUs[i].Utilization, f.GPUs[i].Memory); err != nil {
			return err
		}
	}
	for i := range f.Views {
		if err := f.Views[i].check(); err != nil {
			return fmt.Errorf("view %d: %w", f.Views[i].View, err)
		}
	}
	return nil
}

func (t *Traffic) check() error {
	if err := counts(t.Requests, t.Failures, t.RequestBytes, t.ResponseBytes, value(t.InputTokens), value(t.OutputTokens)); err != nil {
		return err
	}
	if err := counts(t.Classes[:]...); err != nil {
		return err
	}
	n, err := t.Duration.check()
	if err != nil {
		return err
	}
	var classes int64
	for _, c := range t.Classes {
		classes += c
	}
	if n != t.Requests || classes != t.Requests || t.Failures > t.Requests {
		return fmt.Errorf("durations (%d) and status classes (%d) must add up to the requests (%d), and failures (%d) must not be more", n, classes, t.Requests, t.Failures)
	}
	if len(t.Failing) > MaxFailing || len(t.Slowest) > MaxSlowest {
		return fmt.Errorf("must show at most %d failing requests and %d slow ones (got %d and %d)", MaxFailing, MaxSlowest, len(t.Failing), len(t.Slowest))
	}
	for _, list := range [][]Request{t.Failing, t.Slowest} {
		for i := range list {
			r := &list[i]
			r.Trim()
			if !(r.DurationMS >= 0 && r.DurationMS <= maxCount) {
				return fmt.Errorf("a duration must be between 0 and %d ms (got %g)", int64(maxCount), r.DurationMS)
			}
		}
	}
	return nil
}

func value(v *int64) int64 {
	if v == nil {
		return 0
	}
	return *v
}

func counts(values ...int64) error {
	for _, v := range values {
		if v < 0 || v > maxCount {
			return fmt.Errorf("a count must be between 0 and %d (got %d)", int64(maxCount), v)
		}
	}
	return nil
}

func ratios(values ...*float64) error {
	for _, v := range values {
		if v != nil && !(*v >= 0 && *v <= 1) {
			return fmt.Errorf("a share must be between 0 and 1 (got %g)", *v)
		}
	}
	return nil
}

// MaxLease bounds how long an agent sends frames without being asked again.
const MaxLease = time.Minute

// DecodeMessage reads what the server sent. A message without a request for frames gives nil.
func DecodeMessage(data []byte) (*Ask, error) {
	var m Message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("a message must be JSON: %w", err)
	}
	a := m.Frames
	if a == nil {
		return nil, nil
	}
	if a.LeaseMS < 0 || a.LeaseMS > MaxLease.Milliseconds() {
		return nil, fmt.Errorf("lease_ms must be between 0 and %d (got %d)", MaxLease.Milliseconds(), a.LeaseMS)
	}
	if len(a.Views) > MaxViews {
		return nil, fmt.Errorf("must ask for at most %d views (got %d)", MaxViews, len(a.Views))
	}
	return a, nil
}
