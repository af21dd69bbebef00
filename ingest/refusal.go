package ingest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/storage"
)

// Reason says why a sample was not stored. It is the value of the label `reason` of endscope_ingest_refused_total.
type Reason string

const (
	ReasonNoName         Reason = "no_name"           // the series has no metric name
	ReasonLabel          Reason = "invalid_label"     // a label name or value is not valid
	ReasonDuplicateLabel Reason = "duplicate_label"   // a label name occurs twice
	ReasonLabelLimit     Reason = "label_limit"       // too many labels, or one too long
	ReasonIdentity       Reason = "invalid_identity"  // endpoint, deployment or instance breaks the rules for names
	ReasonScope          Reason = "outside_scope"     // the sender may not write this scope
	ReasonSeriesLimit    Reason = "series_limit"      // too many active series
	ReasonFuture         Reason = "too_far_ahead"     // the sample's time lies too far in the future
	ReasonTooOld         Reason = "too_old"           // older than the out-of-order window
	ReasonOutOfOrder     Reason = "out_of_order"      // late where late samples are not accepted
	ReasonDuplicate      Reason = "duplicate_sample"  // another value is stored for this time
	ReasonHistogram      Reason = "invalid_histogram" // buckets and counts do not fit
	ReasonExemplar       Reason = "exemplar"          // an exemplar was refused; its sample is stored
	ReasonFormat         Reason = "format"            // the message itself is broken here
	ReasonUnsupported    Reason = "unsupported"       // understood, but nothing that can be stored
	ReasonNoValue        Reason = "no_sample"         // the series came without a sample
	ReasonStorage        Reason = "storage"           // the store refused for another reason
)

// Reasons lists every reason, for counters that exist before they count.
func Reasons() []Reason {
	return []Reason{ReasonNoName, ReasonLabel, ReasonDuplicateLabel, ReasonLabelLimit, ReasonIdentity, ReasonScope, ReasonSeriesLimit, ReasonFuture,
		ReasonTooOld, ReasonOutOfOrder, ReasonDuplicate, ReasonHistogram, ReasonExemplar, ReasonFormat, ReasonUnsupported, ReasonNoValue, ReasonStorage}
}

// Error is a whole request that cannot be taken: broken, too large, or too much at once. Nothing of it was stored.
type Error struct {
	Kind ErrorKind
	Msg  string
}

// ErrorKind says what a sender should do about an Error.
type ErrorKind int

const (
	Malformed   ErrorKind = iota // 400: never send it again
	TooLarge                     // 413: send less at once
	Busy                         // 429: send it again later
	Unsupported                  // 415: send it in another format
	NoSuch                       // 404: there is no such table
)

func (e *Error) Error() string { return e.Msg }

func malformed(format string, args ...any) error {
	return &Error{Malformed, fmt.Sprintf(format, args...)}
}

// Refusal is one or more samples of a batch that were not stored, for one reason.
type Refusal struct {
	Reason  Reason `json:"reason"`
	Count   int    `json:"count"`
	Example string `json:"example"` // what is said of the first of them
}

// RefusedLine is one line of a text exposition of which something was not stored.
type RefusedLine struct {
	Line    int    `json:"line"` // from 1
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// maxRefusedLines bounds the answer to a text exposition.
const maxRefusedLines = 20

// refusals counts refused samples by reason with one example each, so that an answer stays small whatever was sent.
type refusals []Refusal

func (r *refusals) add(reason Reason, n int, example func() string) {
	for i := range *r {
		if (*r)[i].Reason == reason {
			(*r)[i].Count += n
			return
		}
	}
	*r = append(*r, Refusal{reason, n, example()})
}

// Result says what became of a request that was read.
type Result struct {
	Samples, Histograms, Exemplars int           // stored now or, when sent again, before
	Lines                          []RefusedLine // of a text exposition, the first of those that were refused, in their order
	refused                        refusals
}

// Refused returns how many samples, histograms and exemplars were refused in all.
func (r Result) Refused() int {
	n := 0
	for _, x := range r.refused {
		n += x.Count
	}
	return n
}

// Refusals returns what was refused, one entry per reason, in the order in which the reasons came up.
func (r Result) Refusals() []Refusal { return r.refused }

// ByReason returns how many were refused for each reason.
func (r Result) ByReason() map[Reason]int {
	m := map[Reason]int{}
	for _, x := range r.refused {
		m[x.Reason] = x.Count
	}
	return m
}

// Err returns nil if nothing was refused, otherwise an error for a person that lists each reason with count and first example. The
// rest of the request was stored, and sending the refused part again is of no use.
func (r Result) Err() error {
	if len(r.refused) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d refused, %d stored", r.Refused(), r.Samples+r.Histograms)
	for _, x := range r.refused {
		fmt.Fprintf(&b, "; %s: %d, such as %s", x.Reason, x.Count, x.Example)
	}
	return errors.New(b.String())
}

// storageReason classifies what the store said of one sample.
func storageReason(err error) Reason {
	var limit *SeriesLimitError
	switch {
	case errors.As(err, &limit):
		return ReasonSeriesLimit
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		return ReasonTooOld
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return ReasonOutOfOrder
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return ReasonDuplicate
	case errors.Is(err, storage.ErrOutOfOrderExemplar), errors.Is(err, storage.ErrExemplarLabelLength):
		return ReasonExemplar
	default:
		return ReasonStorage
	}
}
