package proxy

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// isGRPC tells whether a message is one of gRPC: over HTTP/2, with its content type.
func isGRPC(protoMajor int, h http.Header) bool {
	ct := h.Get("Content-Type")
	return protoMajor == 2 && strings.HasPrefix(ct, "application/grpc") && (len(ct) == 16 || ct[16] == '+' || ct[16] == ';')
}

// grpcStatus is what stands for a status of gRPC in the log and in labels, because HTTP says 200 whatever happened.
//
// Source: google.rpc.Code, which names the HTTP status of each.
var grpcStatus = [...]struct {
	name   string
	status int
}{
	{"OK", 200}, {"CANCELLED", 499}, {"UNKNOWN", 500}, {"INVALID_ARGUMENT", 400}, {"DEADLINE_EXCEEDED", 504}, {"NOT_FOUND", 404},
	{"ALREADY_EXISTS", 409}, {"PERMISSION_DENIED", 403}, {"RESOURCE_EXHAUSTED", 429}, {"FAILED_PRECONDITION", 400}, {"ABORTED", 409},
	{"OUT_OF_RANGE", 400}, {"UNIMPLEMENTED", 501}, {"INTERNAL", 500}, {"UNAVAILABLE", 503}, {"DATA_LOSS", 500}, {"UNAUTHENTICATED", 401},
}

// maxReason is how many characters of a reason the log keeps.
const maxReason = 200

// grpcOutcome returns the HTTP status that stands for how a call ended, and its name and message. A call that ended without a status is UNKNOWN,
// as clients take it.
func grpcOutcome(res *http.Response) (int, string) {
	from := res.Trailer
	if from.Get("Grpc-Status") == "" {
		from = res.Header // an answer of trailers only
	}
	text := from.Get("Grpc-Status")
	code, err := strconv.Atoi(text)
	if err != nil || code < 0 || code >= len(grpcStatus) {
		return http.StatusInternalServerError, "gRPC UNKNOWN: the model gave the status " + cut(strconv.Quote(text), 20)
	}
	if code == 0 {
		return http.StatusOK, "OK"
	}
	reason := "gRPC " + grpcStatus[code].name
	if message := from.Get("Grpc-Message"); message != "" {
		if plain, err := url.PathUnescape(message); err == nil {
			message = plain
		}
		reason += ": " + message
	}
	return grpcStatus[code].status, cut(reason, maxReason)
}
