package proxy

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	maxEvent = 256 << 10 // bytes of one event that are looked into; a larger one counts as a token unseen
	tailSize = 16 << 10  // bytes at the end of a JSON answer in which usage is looked for
	headSize = 1 << 10   // bytes at its beginning in which the model's name is
)

// format is how an answer is written.
type format int

const (
	formatSSE    format = iota // events of lines, as text/event-stream
	formatLines                // one JSON value a line
	formatJSON                 // one JSON value
	formatFrames               // messages of gRPC
)

// tokenResult is what was read out of an answer.
type tokenResult struct {
	streaming     bool
	first         time.Time // when the first token had been sent; zero when there was none
	input, output int64     // -1 where the answer does not say
	model         string
}

// tokenScanner reads tokens and usage out of an answer as it passes by, in pieces of any size. It holds at most one event, and never delays a byte:
// it is shown what has gone. Not safe for concurrent use.
type tokenScanner struct {
	format  format
	between func(time.Duration) // gets the time from one token to the next

	line    []byte // an unfinished line
	data    []byte // the data of an unfinished event
	hasData bool
	large   bool // the event is larger than maxEvent
	wasCR   bool // the last byte was a carriage return, so that a newline belongs to it

	tail []byte // of formatJSON: a ring
	at   int    // where its next byte goes
	head []byte // nil as long as it is in the tail

	frame     [5]byte // of formatFrames
	frameHas  int
	frameLeft int64
	messages  int

	last  time.Time
	usage usage
	first time.Time
}

// newTokenScanner returns nil for an answer that holds nothing to be read, such as a picture or a compressed one.
func newTokenScanner(res *http.Response, grpc bool, between func(time.Duration)) *tokenScanner {
	s := &tokenScanner{between: between, usage: usage{input: -1, output: -1}}
	if grpc {
		s.format = formatFrames
		return s
	}
	switch contentType(res.Header.Get("Content-Type")) {
	case "text/event-stream":
		s.format = formatSSE
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/stream+json":
		s.format = formatLines
	case "application/json":
		s.format = formatJSON
	default:
		return nil
	}
	if e := res.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		if s.format == formatJSON {
			return nil
		}
		s.format = formatFrames // a stream all the same: nothing in it can be told apart
		s.messages = 2
		s.frameLeft = 1<<63 - 1
	}
	return s
}

func contentType(v string) string {
	if v == "application/json" || v == "text/event-stream" {
		return v
	}
	base, _, err := mime.ParseMediaType(v)
	if err != nil && base == "" {
		base, _, _ = strings.Cut(v, ";")
	}
	return strings.ToLower(strings.TrimSpace(base))
}

// scan reads p, which was sent at now.
func (s *tokenScanner) scan(p []byte, now time.Time) {
	switch s.format {
	case formatJSON:
		s.keep(p)
	case formatFrames:
		s.frames(p, now)
	default:
		s.lines(p, now)
	}
}

// finish reads what is left at the end of the answer.
func (s *tokenScanner) finish() tokenResult {
	r := tokenResult{streaming: s.format != formatJSON}
	switch s.format {
	case formatJSON:
		s.usage.readTail(s.head, s.ordered())
	case formatFrames:
		r.streaming = s.messages > 1
	default:
		if len(s.line) > 0 {
			s.endLine(s.line, s.last)
		}
		if s.hasData {
			s.event(s.data, time.Time{})
		}
	}
	r.first, r.input, r.output, r.model = s.first, s.usage.input, s.usage.output, s.usage.model
	return r
}

// token notes that a token was sent at now; a zero now says that it is not known when.
func (s *tokenScanner) token(now time.Time) {
	if now.IsZero() {
		return
	}
	if s.first.IsZero() {
		s.first = now
	} else {
		s.between(now.Sub(s.last))
	}
	s.last = now
}

// lines takes p apart at newlines, carriage returns, and pairs of them.
func (s *tokenScanner) lines(p []byte, now time.Time) {
	for len(p) > 0 {
		if s.wasCR && p[0] == '\n' {
			p = p[1:]
			s.wasCR = false
			continue
		}
		s.wasCR = false
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			s.hold(p)
			return
		}
		s.wasCR = p[i] == '\r'
		if len(s.line) == 0 && !s.large {
			s.endLine(p[:i], now)
		} else {
			s.hold(p[:i])
			s.endLine(s.line, now)
			s.line = s.line[:0]
		}
		p = p[i+1:]
	}
}

// hold keeps the beginning of a line.
func (s *tokenScanner) hold(p []byte) {
	if len(s.line)+len(p) > maxEvent {
		s.large = true
		p = p[:max(0, min(len(p), 64-len(s.line)))] // enough to know the field
	}
	s.line = append(s.line, p...)
}

// endLine reads a whole line, without its end.
func (s *tokenScanner) endLine(line []byte, now time.Time) {
	if s.format == formatLines {
		large := s.large
		s.large = false
		if len(bytes.TrimSpace(line)) == 0 {
			return
		}
		if large {
			s.token(now)
			return
		}
		s.event(line, now)
		return
	}
	if len(line) == 0 { // the end of an event
		if s.hasData {
			s.event(s.data, now)
		}
		s.data, s.hasData, s.large = s.data[:0], false, false
		return
	}
	value, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok { // a comment, such as a ping, or a field that says nothing of tokens
		if !s.hasData {
			s.large = false
		}
		return
	}
	value = bytes.TrimPrefix(value, []byte(" "))
	if s.hasData {
		s.data = append(s.data, '\n')
	}
	s.hasData = true
	if len(s.data)+len(value) > maxEvent {
		s.large = true
		return
	}
	s.data = append(s.data, value...)
}

// event reads one event of a stream.
func (s *tokenScanner) event(data []byte, now time.Time) {
	if s.large || s.usage.readEvent(data) {
		s.token(now)
	}
}

// keep holds the end of what came, and the beginning once it is no part of the end any more.
func (s *tokenScanner) keep(p []byte) {
	if room := tailSize - len(s.tail); room > 0 { // at is 0 as long as the ring is not full
		n := min(room, len(p))
		s.tail = append(s.tail, p[:n]...)
		p = p[n:]
	}
	if len(p) == 0 {
		return
	}
	if s.head == nil {
		s.head = append(s.head, s.tail[:headSize]...)
	}
	if len(p) > tailSize {
		s.at = (s.at + len(p) - tailSize) % tailSize
		p = p[len(p)-tailSize:]
	}
	n := copy(s.tail[s.at:], p)
	copy(s.tail, p[n:])
	s.at = (s.at + len(p)) % tailSize
}

// ordered returns the end of the answer.
func (s *tokenScanner) ordered() []byte {
	if s.at == 0 {
		return s.tail
	}
	return append(append(make([]byte, 0, tailSize), s.tail[s.at:]...), s.tail[:s.at]...)
}

// frames counts messages of gRPC: a byte of flags, a length of four bytes, and so many bytes. A call whose answer has one message is none that streams.
func (s *tokenScanner) frames(p []byte, now time.Time) {
	for len(p) > 0 {
		if s.frameHas < len(s.frame) && s.frameLeft == 0 {
			n := copy(s.frame[s.frameHas:], p)
			s.frameHas += n
			p = p[n:]
			if s.frameHas < len(s.frame) {
				return
			}
			s.frameLeft = int64(s.frame[1])<<24 | int64(s.frame[2])<<16 | int64(s.frame[3])<<8 | int64(s.frame[4])
			if s.frameLeft == 0 {
				s.frameHas = 0
				s.message(now)
			}
			continue
		}
		n := min(s.frameLeft, int64(len(p)))
		s.frameLeft -= n
		p = p[n:]
		if s.frameLeft == 0 {
			s.frameHas = 0
			s.message(now)
		}
	}
}

func (s *tokenScanner) message(now time.Time) {
	s.messages++
	s.token(now)
}
