package scoring

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// The headers of a request's ids: the one that the server makes and answers with, and the one that a client may give.
const (
	HeaderRequestID       = "X-Request-Id"
	HeaderClientRequestID = "X-Ms-Client-Request-Id"
)

// Traffic is one request that has been answered.
type Traffic struct {
	Time                   time.Time // of its first byte
	Method, Path, Protocol string
	UserAgent              string
	ID, ClientID           string // ClientID is empty when the client gave none
	Auth, Identity         string // how the client proved who it is, and the object id of its token; empty where there is none

	Status, ModelStatus     int // ModelStatus is 0 when the model was not asked
	RequestSize, AnswerSize int // bytes of the bodies

	// Times since Time: until the last byte of the request, until the first byte of the model's answer (0 when it was not asked), and until
	// the last byte of the answer.
	Received, Answered, Total time.Duration
	// RequestDelay and AnswerDelay are how long the limit on bandwidth held the request and its answer back.
	RequestDelay, AnswerDelay time.Duration
}

// traffic returns what is known of a request that has just been answered.
func (x *exchange) traffic(status, modelStatus, size int, total time.Duration) Traffic {
	r := x.request
	auth, identity := identify(r.Header.Get("Authorization"))
	t := Traffic{
		Time: x.began, Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, UserAgent: r.UserAgent(),
		ID: x.id, ClientID: r.Header.Get(HeaderClientRequestID), Auth: auth, Identity: identity,
		Status: status, ModelStatus: modelStatus, RequestSize: len(x.body), AnswerSize: size,
		Received: x.read.Sub(x.began), Total: total, RequestDelay: x.requestDelay, AnswerDelay: x.answerDelay,
	}
	if !x.answered.IsZero() {
		t.Answered = x.answered.Sub(x.began)
	}
	return t
}

// Token returns the value of an Authorization header that this server takes for the given kind of proof and identity. Nothing is proved by
// it: it says what a real token would hold.
func Token(auth, identity string) string { return "Bearer " + auth + "." + identity }

// identify is the other way. It returns empty strings for a header that Token did not make.
func identify(header string) (auth, identity string) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return "", ""
	}
	auth, identity, _ = strings.Cut(token, ".")
	switch auth {
	case "Key", "AMLToken", "AADToken":
		return auth, identity
	}
	return "", ""
}

// NewID returns a new id of a request: a random UUID.
func NewID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// statusClientLeft is what an answer is counted as that nobody waited for. No standard names it, and proxies use it.
const statusClientLeft = 499

// StatusReason returns the reason of a status code, such as "Bad Request".
func StatusReason(status int) string {
	if status == statusClientLeft {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}
