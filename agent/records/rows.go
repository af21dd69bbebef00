package records

import "time"

// Kind is a log, and the value of the label `type` of endpoint_data_collection_events_total.
type Kind string

// The logs of an instance.
const (
	KindTraffic Kind = "traffic" // one row for each request
	KindConsole Kind = "console" // one row for each line (or traceback) that a container printed
	KindEvent   Kind = "event"   // one row for each thing that happened to a container
)

// table returns the server's name for the log.
func (k Kind) table() string {
	switch k {
	case KindTraffic:
		return "AmlOnlineEndpointTrafficLog"
	case KindConsole:
		return "AmlOnlineEndpointConsoleLog"
	}
	return "AmlOnlineEndpointEventLog"
}

// Traffic is one request that has ended. All durations begin with the first byte of the request.
type Traffic struct {
	Time                   time.Time // of the request's first byte
	Method, Path, Protocol string    // as the client asked; Path without the query
	AuthType, IdentityData string    // Key, AMLToken or AADToken, and the object id of the token; empty where they cannot be told
	Code                   int       // final, as the client saw it; 499 when it left before
	Reason                 string
	ModelCode              int // as the model answered; 0 when it did not
	ModelReason            string
	RequestBytes           int64 // payload from the client
	ResponseBytes          int64 // payload to the client
	UserAgent              string
	RequestID              string        // made by the proxy
	ClientRequestID        string        // given by the client
	Received               time.Duration // until the last byte of the request was received
	Answered               time.Duration // until the first byte of the model's answer; negative when there was none
	Total                  time.Duration // until the last byte of the answer was sent, or the client left
	RequestDelay           time.Duration // added by the limit on bandwidth
	ResponseDelay          time.Duration

	// What the tables of Azure do not have. It is kept in the column Properties, where it is told.
	Streaming    bool          // the answer was a stream of events or tokens
	StreamError  string        // why the answer broke after its status was sent: model_reset, timeout, client_abort, limit; empty when it did not
	FirstToken   time.Duration // until the first token was sent; 0 when there was none
	InputTokens  int64         // as the model's usage says; -1 when it does not
	OutputTokens int64
	Model        string // as the answer names it
}

// Console is one line that a container printed, or the lines of one traceback.
type Console struct {
	Time      time.Time
	Container string
	Image     string // empty where it is not known
	Stream    string // stdout or stderr; empty where it is not known. Kept in Properties
	Message   string
}

// Event is one thing that happened to a container or a GPU.
type Event struct {
	Time    time.Time
	Name    string // Started, Killing, BackOff, LivenessProbeFailed …
	Message string
	// Properties are kept in the column of that name; nil for none. Values are what encoding/json takes.
	Properties map[string]any
}
