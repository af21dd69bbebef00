package records

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// Members of Properties.
const (
	propStreaming     = "Streaming"
	propStreamError   = "StreamError"
	propFirstToken    = "FirstTokenMs"
	propInputTokens   = "InputTokens"
	propOutputTokens  = "OutputTokens"
	propModel         = "Model"
	propStream        = "Stream"
	propTruncated     = "Truncated"           // true where a text of the row was cut
	propRequestBytes  = "RequestPayloadBytes" // where RequestPayloadSize, which has 32 bits, cannot hold it
	propResponseBytes = "ResponsePayloadBytes"
)

const (
	longestUserAgent  = 70      // characters, as in the tables of Azure
	longestText       = 8 << 10 // bytes of any other text of a traffic row, and of names
	longestProperties = 64 << 10
	longestRow        = 1 << 20 // the server's ingest.logs.max_row
)

// lines turns rows of one log into lines of JSON. Not safe for concurrent use.
type lines struct {
	constant   []byte // see constantFields
	maxMessage int
	stamps     stamps
	props      []byte // of the row, each with a comma in front
	cut        bool   // whether a text of the row was cut
}

// begin appends what all rows begin with.
func (l *lines) begin(dst []byte, at time.Time) []byte {
	l.props, l.cut = l.props[:0], false
	dst = appendTime(append(dst, `{"TimeGenerated":`...), at)
	return append(dst, l.constant...)
}

// end appends Properties, where there are any, and the end of the line.
func (l *lines) end(dst []byte) []byte {
	if l.cut {
		l.props = append(appendName(l.props, propTruncated), "true"...)
	}
	if len(l.props) > 0 {
		dst = append(append(append(dst, `,"Properties":{`...), l.props[1:]...), '}')
	}
	return append(dst, '}', '\n')
}

// text appends a field of at most limit bytes.
func (l *lines) text(dst []byte, name, value string, limit int) []byte {
	if len(value) > limit {
		l.cut = true
		value = cutBytes(value, limit)
	}
	return appendText(dst, name, value)
}

// message appends the message, with a mark at its end if it is cut.
func (l *lines) message(dst []byte, value string) []byte {
	if len(value) <= l.maxMessage {
		return appendText(dst, "Message", value)
	}
	l.cut = true
	mark := fmt.Sprintf("… [cut: %d bytes in all]", len(value))
	kept := cutBytes(value, l.maxMessage-len(mark))
	dst = appendQuoted(appendName(dst, "Message"), kept)
	return append(append(dst[:len(dst)-1], mark...), '"')
}

func (l *lines) traffic(dst []byte, t *Traffic) []byte {
	dst = l.begin(dst, orNow(t.Time))
	dst = l.text(dst, "Method", t.Method, longestText)
	dst = l.text(dst, "Path", t.Path, longestText)
	dst = l.text(dst, "Protocol", t.Protocol, longestText)
	dst = l.text(dst, "AuthType", t.AuthType, longestText)
	dst = l.text(dst, "IdentityData", t.IdentityData, longestText)
	dst = appendInt(dst, "ResponseCode", bounded(int64(t.Code)))
	dst = l.text(dst, "ResponseCodeReason", t.Reason, longestText)
	if t.ModelCode != 0 {
		dst = appendInt(dst, "ModelStatusCode", bounded(int64(t.ModelCode)))
		dst = l.text(dst, "ModelStatusReason", t.ModelReason, longestText)
	}
	dst = l.payload(dst, "RequestPayloadSize", propRequestBytes, t.RequestBytes)
	dst = l.payload(dst, "ResponsePayloadSize", propResponseBytes, t.ResponseBytes)
	agent, _ := cutRunes(t.UserAgent, longestUserAgent)
	dst = appendText(dst, "UserAgent", agent)
	dst = l.text(dst, "XRequestId", t.RequestID, longestText)
	dst = l.text(dst, "XMSClientRequestId", t.ClientRequestID, longestText)
	dst = appendMs(dst, "RequestDurationMs", t.Received)
	if t.Answered >= 0 {
		dst = appendMs(dst, "ResponseDurationMs", t.Answered)
	}
	dst = appendMs(dst, "TotalDurationMs", t.Total)
	dst = appendMs(dst, "RequestThrottlingDelayMs", t.RequestDelay)
	dst = appendMs(dst, "ResponseThrottlingDelayMs", t.ResponseDelay)
	if t.Streaming {
		l.props = append(appendName(l.props, propStreaming), "true"...)
	}
	l.props = l.text(l.props, propStreamError, t.StreamError, longestText)
	if t.FirstToken > 0 {
		ms := float64(t.FirstToken.Round(time.Microsecond)) / float64(time.Millisecond)
		l.props = strconv.AppendFloat(appendName(l.props, propFirstToken), ms, 'f', -1, 64)
	}
	if t.InputTokens >= 0 {
		l.props = appendInt(l.props, propInputTokens, t.InputTokens)
	}
	if t.OutputTokens >= 0 {
		l.props = appendInt(l.props, propOutputTokens, t.OutputTokens)
	}
	l.props = l.text(l.props, propModel, t.Model, longestText)
	return l.end(dst)
}

// payload appends a size in bytes; one beyond 32 bits is exact in Properties.
func (l *lines) payload(dst []byte, name, exact string, n int64) []byte {
	if n > math.MaxInt32 {
		l.props = appendInt(l.props, exact, n)
	}
	return appendInt(dst, name, bounded(n))
}

// bounded keeps n inside of the server's columns, which have 32 bits: a row with a larger one would be refused as a whole.
func bounded(n int64) int64 { return min(max(n, math.MinInt32), math.MaxInt32) }

// appendMs appends whole milliseconds, rounded down, so that durations from one start keep their order.
func appendMs(dst []byte, name string, d time.Duration) []byte {
	return appendInt(dst, name, bounded(int64(max(d, 0).Round(time.Millisecond)/time.Millisecond)))
}

func (l *lines) console(dst []byte, c *Console) []byte {
	dst = l.begin(dst, l.stamps.next(c.Container, orNow(c.Time)))
	dst = l.text(dst, "ContainerName", c.Container, longestText)
	dst = l.text(dst, "ContainerImageName", c.Image, longestText)
	dst = l.message(dst, c.Message)
	l.props = l.text(l.props, propStream, c.Stream, longestText)
	return l.end(dst)
}

func (l *lines) event(dst []byte, e *Event) []byte {
	dst = l.begin(dst, l.stamps.next("", orNow(e.Time)))
	dst = l.text(dst, "Name", e.Name, longestText)
	dst = l.message(dst, e.Message)
	for _, name := range sortedKeys(e.Properties) {
		value, err := json.Marshal(e.Properties[name])
		if err != nil || name == "" || len(l.props)+len(name)+len(value) > longestProperties {
			l.cut = true // the rest of the row is worth more than a value that cannot be written
			continue
		}
		l.props = append(append(appendQuoted(append(l.props, ','), name), ':'), value...)
	}
	return l.end(dst)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

// The sizes of rows in memory, for the bound of a queue.

func trafficSize(t *Traffic) int64 {
	return int64(unsafe.Sizeof(*t)) + int64(len(t.Method)+len(t.Path)+len(t.Protocol)+len(t.AuthType)+len(t.IdentityData)+len(t.Reason)+len(t.ModelReason)+
		len(t.UserAgent)+len(t.RequestID)+len(t.ClientRequestID)+len(t.StreamError)+len(t.Model))
}

func consoleSize(c *Console) int64 {
	return int64(unsafe.Sizeof(*c)) + int64(len(c.Container)+len(c.Image)+len(c.Stream)+len(c.Message))
}

func eventSize(e *Event) int64 {
	size := int64(unsafe.Sizeof(*e)) + int64(len(e.Name)+len(e.Message))
	for name, value := range e.Properties {
		size += 64 + int64(len(name))
		if s, ok := value.(string); ok {
			size += int64(len(s))
		}
	}
	return size
}
